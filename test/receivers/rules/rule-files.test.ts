import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { RuleFiles } from '../../../receivers/rules/rule-files.ts'

test('regression: rules stayed degraded once a file could not be read for a while', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-rule-files-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'a.yml'), 'groups: [{ name: g, rules: [{ record: one, expr: "1" }] }]')
  const files = new RuleFiles([path.join(folder, '*.yml')])
  assert.equal(files.read()?.length, 1)
  assert.equal(files.read(), undefined)
  const unreadable = path.join(folder, 'b.yml')
  mkdirSync(unreadable)
  assert.throws(() => files.read(), { code: 'COMPONENT_FAILED' })
  rmdirSync(unreadable)
  assert.equal(files.read()?.length, 1)
  assert.equal(files.read(), undefined)
})
