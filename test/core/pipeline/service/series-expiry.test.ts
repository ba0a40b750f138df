import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { PointBlockBuilder } from '../../../../core/model/points.ts'
import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { expireSeries } from '../../../../core/pipeline/service/series-expiry.ts'
import { VirtualClock } from '../../../../core/telemetry/virtual-clock.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const RESOURCE = { attributes: [], schemaUrl: '' }
const SCOPE = { name: '', version: '', attributes: [], schemaUrl: '' }

function receive(table: SeriesTable, host: string): number {
  const id = table.receive(table.contextOf(METRIC, RESOURCE, SCOPE), [['host', host]])
  const builder = new PointBlockBuilder()
  if (id !== UNKNOWN) builder.addId(table, id, 1, 1)
  builder.build()
  return id
}

async function passSeconds(clock: VirtualClock, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    clock.advanceTo(clock.now() + 1000)
    for (let turn = 0; turn < 3; turn++) await setImmediate()
  }
}

test('a series goes two minutes after it was seen last', async () => {
  const table = new SeriesTable()
  const clock = new VirtualClock(0)
  const stop = expireSeries(table, clock)
  receive(table, 'silent')
  await passSeconds(clock, 100)
  assert.equal(table.size, 1)
  for (let i = 0; i < 12; i++) {
    receive(table, 'seen')
    await passSeconds(clock, 10)
  }
  // Without garbage nothing tells the collector to look at the blocks that are gone.
  assert.ok(table.size >= 1)
  assert.equal(table.metricOf(receive(table, 'seen')).name, 'a')
  stop()
})

test('regression: a full table stayed full while the garbage collector had no reason to run', async () => {
  const table = new SeriesTable({ maxSeries: 2 })
  const clock = new VirtualClock(0)
  const stop = expireSeries(table, clock)
  receive(table, '1')
  receive(table, '2')
  await passSeconds(clock, 5)
  assert.equal(receive(table, '3'), UNKNOWN)
  await passSeconds(clock, 50)
  assert.notEqual(receive(table, '3'), UNKNOWN)
  assert.equal(table.size, 1)
  stop()
})
