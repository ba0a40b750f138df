import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { checkSchemas } from '../../../core/cli/schema-check.ts'
import { MemoryTerminal } from './memory-terminal.ts'

test('weir schema check compares files, and the files of folders', t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-schemas-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, schema: unknown) => {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, typeof schema === 'string' ? schema : JSON.stringify(schema))
    return file
  }
  const check = (before: string, after: string) => {
    const terminal = new MemoryTerminal()
    return [checkSchemas(terminal, before, after), terminal.stdout.trim(), terminal.stderr.trim()]
  }
  const old = write('old/a.json', { type: 'string' })
  const narrower = write('new/a.json', { type: 'string', maxLength: 3 })
  write('old/gone.json', {})
  write('new/added.json', { type: 'number' })
  assert.deepEqual(check(old, narrower), [EXIT.invalid, 'a.json: /maxLength: was not there, is 3', ''])
  assert.deepEqual(check(narrower, old), [EXIT.ok, `compatible: what fits ${narrower} fits ${old}`, ''])
  const folders = [path.join(folder, 'old'), path.join(folder, 'new')] as const
  assert.deepEqual(check(...folders), [EXIT.invalid, 'a.json: /maxLength: was not there, is 3', ''])
  const broken = write('broken.json', '{')
  const [code, , error] = check(old, broken)
  assert.equal(code, EXIT.invalid)
  assert.match(String(error), /broken\.json is not JSON/)
  const [noFile, , missing] = check(old, path.join(folder, 'nothing'))
  assert.equal(noFile, EXIT.invalid)
  assert.match(String(missing), /nothing: ENOENT/)
})
