import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Block, ExportError } from '../../../sdk/plugin/index.ts'
import { ExporterHarness } from '../../../sdk/plugin/testing.ts'
import { embedded, FOREVER, signal } from './harness.ts'
import { eventBlockOf, pointBlockOf, T } from './samples.ts'

const at = (text: string) => Date.parse(text)

async function failureOf(promise: Promise<void>): Promise<ExportError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown
  )
  assert.ok(error instanceof ExportError, String(error))
  return error
}

describe('regression: a point of 2106 or later was counted as sent and gone at once', () => {
  const times = [
    T,
    at('2106-02-07T06:28:16Z'),
    T + 1000,
    at('2299-01-01'),
    at('1969-12-31'),
    Number.NaN,
    at('2106-01-30')
  ]
  const bad = [1, 3, 4, 5, 6]
  const cases: [string, string, string][] = [
    ['compact', 'metrics', 'points'],
    ['compact', 'events', 'events'],
    ['otel', 'otel_metrics_sum', 'points'],
    ['otel', 'otel_logs', 'events']
  ]
  for (const [schema, table, kind] of cases) {
    test(`${schema}, ${kind}`, async () => {
      await using h = await embedded({ schema, ttl: '20000d' })
      const block: Block = kind === 'points' ? pointBlockOf(h.context.series, times) : eventBlockOf(times)
      const error = await failureOf(h.exporter.export(block, signal()))
      assert.equal(error.retryable, false)
      assert.equal(error.reason, 'time_out_of_range')
      assert.deepEqual(error.failedItems, bad)
      assert.match(error.message, /^5 items with times that ClickHouse cannot keep .*, such as 4294967296000/)
      assert.deepEqual(await h.rows(`SELECT toUInt32(count()) AS n FROM weir.${table}`), [{ n: 2 }])
    })
  }
})

test('data kept forever has the range of its columns, and tiers have that of theirs', async () => {
  const times = [at('1899-12-31'), at('1900-01-01'), at('2250-01-01'), at('2300-01-01')]
  for (const [schema, ttl, rollup, want] of [
    ['compact', '0', undefined, [0, 3]],
    ['compact', '30d', '1h', [0, 3]],
    ['otel', '0', undefined, [0, 2, 3]]
  ] as const) {
    await using h = await embedded({ schema, ttl, tiers: { '1h': '0s' } })
    const error = await failureOf(h.exporter.export(pointBlockOf(h.context.series, times, rollup), signal()))
    assert.deepEqual(error.failedItems, want, `${schema}, ${ttl}`)
  }
})

test('the sending queue gives up exactly these, and counts them', async () => {
  await using h = await embedded()
  const sendingQueue = await new ExporterHarness(h.exporter, h.context).start()
  const outcome = await sendingQueue.send(
    pointBlockOf(h.context.series, [Date.now(), at('2200-01-01'), Date.now() - 1000])
  )
  assert.deepEqual([outcome.status, [...h.context.account.dropped]], ['dropped', [['time_out_of_range', 1]]])
  assert.equal(h.context.account.sent, 2)
  await sendingQueue.stop()
  assert.deepEqual(await h.rows('SELECT toUInt32(count()) AS n FROM weir.metrics'), [{ n: 2 }])
})

test('an event without an id counts once where its block failed in part and is tried again', async () => {
  await using h = await embedded(FOREVER)
  const block = eventBlockOf([T, at('2300-01-01')])
  for (let i = 0; i < 2; i++) await failureOf(h.exporter.export(block, signal()))
  assert.deepEqual(await h.rows('SELECT toUInt32(count()) AS n FROM weir.events'), [{ n: 1 }])
})
