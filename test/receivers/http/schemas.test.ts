import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext as Test, test } from 'node:test'
import { CreditPool } from '../../../core/batch/credits.ts'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import plugin from '../../../receivers/http/index.ts'
import { HttpReceiver } from '../../../receivers/http/receiver.ts'
import type { Context, EventBlock, Refusal } from '../../../sdk/plugin/index.ts'
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

test('events that do not fit are set aside by reason, once the others are taken', async t => {
  const context = testContext('http')
  const kept: { names: readonly string[]; refusal: Refusal; request: string | undefined }[] = []
  const setAside: Context['setAside'] = async (block, refusal, request) => {
    assert.equal(context.account.sent, 1)
    kept.push({ names: (block as EventBlock).name, refusal, request: request?.() })
    return refusal.reason === 'schema_mismatch'
  }
  const options = { schemas: { folder: folderOf(t, SCHEMAS) } }
  const { post } = await running(t, options, batch => batch.ack(), Object.assign(context, { setAside }))
  const { status, answer } = await post(
    [
      '{"name":"order"}',
      '{"name":"order","attributes":{"schema_version":9}}',
      '{"name":"a/b"}',
      '{"name":"other"}'
    ].join('\n'),
    'application/x-ndjson'
  )
  assert.deepEqual([status, answer.accepted, answer.set_aside, answer.rejected], [200, 1, 2, 1])
  assert.deepEqual(
    kept.map(({ names, refusal }) => [names, refusal.reason]),
    [
      [['order', 'a/b'], 'schema_mismatch'],
      [['order'], 'unknown_schema_version']
    ]
  )
  assert.match(kept[0].refusal.error, /must have required property/)
  assert.equal(new Set(kept.map(({ request }) => request)).size, 2)
  assert.equal(context.credits.used, 0)
})

test('events that do not fit are paid for: without credits the request is to come again, or is too large', async t => {
  const context = Object.assign(testContext('http'), { credits: new CreditPool(20_000) })
  const { post } = await running(t, { schemas: { folder: folderOf(t, SCHEMAS) } }, batch => batch.ack(), context)
  const body = (events: number) => Array.from({ length: events }, () => ({ name: 'order' }))
  const others = context.credits.tryTake(18_000)!
  assert.equal((await post(body(20))).status, 503)
  others.release()
  assert.equal((await post(body(20))).status, 400)
  assert.equal((await post(body(500))).status, 413)
  assert.equal(context.credits.used, 0)
  assert.equal(context.account.received, 20)
})

test('a recheck takes the schemas as they are, and knows nothing of the tenant', async t => {
  const folder = folderOf(t, { 'order.json': { ...ORDER, additionalProperties: false } })
  const builder = new EventBlockBuilder()
  for (const attributes of [
    [
      ['total', 1],
      ['weir.tenant', 'shop']
    ],
    [['total', 'one']]
  ] as const)
    builder.add(1, 'order', attributes, undefined, 1)
  const recheck = async () => [...(await plugin.recheck!(testConfig(plugin, { schemas: { folder } }), builder.build()))]
  assert.deepEqual(await recheck(), [[1, 'does not fit version 1 of order: attributes.total must be number']])
  writeFileSync(path.join(folder, 'order.json'), '{}')
  assert.deepEqual(await recheck(), [])
})
