import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext as Test, test } from 'node:test'
import plugin from '../../../receivers/http/index.ts'
import { HttpReceiver } from '../../../receivers/http/receiver.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { running } from './harness.ts'

const ORDER = { required: ['total'], properties: { total: { type: 'number' }, items: { type: 'array' } } }
const SCHEMAS = {
  'order.json': ORDER,
  'order.v2.json': { ...ORDER, required: ['total', 'currency'] },
  'a%2Fb.json': { required: ['x'] },
  'notes.txt': 'not a schema'
}

function folderOf(t: Test, files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-schemas-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), JSON.stringify(content))
  return folder
}

test('events that do not fit the schema of their name are refused and counted', async t => {
  const { post, blocks, context } = await running(t, { schemas: { folder: folderOf(t, SCHEMAS) } })
  const order = (attributes: object) => ({ name: 'order', attributes })
  const { answer } = await post([
    order({ total: 1, currency: 'EUR' }),
    order({ total: 1 }),
    order({ total: 1, schema_version: 1 }),
    order({ total: 1, schema_version: 3 }),
    order({ total: '1', schema_version: 1 }),
    { name: 'a/b' },
    { name: 'other' }
  ])
  assert.deepEqual(answer, {
    accepted: 3,
    rejected: 4,
    errors: [
      { index: 1, message: "does not fit version 2 of order: attributes must have required property 'currency'" },
      { index: 3, message: 'order has the versions 1, 2, not 3' },
      { index: 4, message: 'does not fit version 1 of order: attributes.total must be number' },
      { index: 5, message: "does not fit version 1 of a/b: attributes must have required property 'x'" }
    ]
  })
  assert.deepEqual(blocks[0].name, ['order', 'order', 'other'])
  assert.deepEqual(Object.fromEntries(context.account.dropped), { schema_mismatch: 3, unknown_schema_version: 1 })
})

test('events without a schema are refused if so wanted', async t => {
  const { post, context } = await running(t, { schemas: { folder: folderOf(t, SCHEMAS), unknown: 'refuse' } })
  const { status, answer } = await post({ name: 'other' })
  assert.deepEqual([status, answer.errors[0].message], [400, 'there is no schema of "other"'])
  assert.deepEqual(Object.fromEntries(context.account.dropped), { unknown_event: 1 })
})

test('schemas that cannot be used are errors at the start', async t => {
  for (const [files, error] of [
    [{ 'order.json': { type: 'text' } }, /order\.json is not a JSON Schema/],
    [{ 'order.json': {}, 'order.v1.json': {} }, /version 1 of order twice/]
  ] as const) {
    const config = testConfig(plugin, { endpoint: '127.0.0.1:0', schemas: { folder: folderOf(t, files) } })
    await assert.rejects(new HttpReceiver(config, testContext()).start(), error)
  }
})
