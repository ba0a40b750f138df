import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { StatsdParser } from '../../../receivers/statsd/parser.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { embedded, FOREVER, type Harness, signal } from './harness.ts'
import { counter, T } from './samples.ts'

const LINES =
  'song:240:234|h|@0.5\nresponse:10|ms\nresponse:20|ms\nresponse:30|ms\nusers:a|s\nusers:b|s\nhits:1|c\nhits:2|c'

/** StatsD lines of one datagram, which are of one time. */
function datagram({ context }: Harness, lines: string) {
  const points = new PointBlockBuilder()
  new StatsdParser(context.series as never, 100, assert.fail).parse(
    Buffer.from(lines),
    T,
    points,
    new EventBlockBuilder()
  )
  return points.build()
}

test('StatsD timers, distributions, sets and counters of one time are all stored, of a gauge the last, and that is told', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(datagram(h, `${LINES}\nlevel:1|g\nlevel:2|g`), signal())
  const rows = await h.rows('SELECT name, value, count, min, max, members FROM weir.metrics ORDER BY name')
  const number = { count: 0, min: null, max: null, members: [] }
  assert.deepEqual(rows, [
    { ...number, name: 'hits', value: 3 },
    { ...number, name: 'level', value: 2 },
    { name: 'response', value: 60, count: 3, min: 10, max: 30, members: [] },
    { name: 'song', value: 948, count: 4, min: 234, max: 240, members: [] },
    { ...number, name: 'users', value: 2, count: 2, members: ['a', 'b'] }
  ])
  assert.deepEqual(Object.fromEntries(h.context.account.dropped), { same_time: 1 })
  assert.equal(h.context.account.sent, -1, 'the sending queue books the whole block as sent')
})

test('increments of one time and different intervals add up, as they are within a microsecond', async () => {
  await using h = await embedded(FOREVER)
  const builder = new PointBlockBuilder()
  const requests = counter(h.context.series, 'requests', {})
  builder.add(requests, T + 0.0002, 4, T - 10_000)
  builder.add(requests, T, 1, T - 5000)
  await h.exporter.export(builder.build(), signal())
  assert.deepEqual(await h.rows('SELECT value, toUnixTimestamp64Milli(start) AS start FROM weir.metrics'), [
    { value: 5, start: T - 10_000 }
  ])
  assert.equal(h.context.account.dropped.size, 0)
})

test('the tables of the Collector have a row for each', async () => {
  await using h = await embedded({ ...FOREVER, schema: 'otel' })
  await h.exporter.export(datagram(h, LINES), signal())
  const counts = await h.rows('SELECT MetricName AS name, toUInt32(Count) AS count FROM weir.otel_metrics_histogram')
  assert.deepEqual(counts.map(({ count }) => count).sort(), [1, 1, 1, 2, 2])
  assert.equal(h.context.account.dropped.size, 0)
})
