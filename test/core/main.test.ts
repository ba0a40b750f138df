import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'

const MAIN = path.join(import.meta.dirname, '../../core/main.ts')

test('regression: a reader of its output that had gone kept Weir from draining', async t => {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'weir.yaml')
  writeFileSync(
    file,
    `receivers: {http: {endpoint: '127.0.0.1:0'}}
exporters: {debug: }
service: {admin: {endpoint: '127.0.0.1:0'}, pipelines: {a: {receivers: [http], exporters: [debug]}}}`
  )
  const weir = spawn(process.execPath, [MAIN, 'run', '-c', file])
  t.after(() => weir.kill('SIGKILL'))
  await once(weir.stdout, 'data')
  weir.stdout.destroy()
  weir.kill('SIGTERM')
  assert.deepEqual(await once(weir, 'exit'), [0, null])
})
