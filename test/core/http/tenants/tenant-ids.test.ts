import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TenantIds } from '../../../../core/http/tenants/tenant-ids.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { expireIdle } from '../../model/series-table/idle-series.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const

class World {
  readonly table = new SeriesTable()
  readonly ids = new TenantIds(this.table)

  receive(host: string): number {
    return this.table.receive(this.table.contextOf(METRIC, NO_RESOURCE, NO_SCOPE), [['host', host]])
  }

  /** The attributes of a tenant's series. */
  seriesOf(slot: number, received: number): unknown {
    const id = this.ids.idOf(slot, received, of => {
      const { metric, attributes } = this.table.read(of)
      return this.table.idOf(metric, [...attributes, ['tenant', String(slot)]])
    })
    return this.table.read(id).attributes
  }
}

test('an id that now means another series is another series of the tenant too', async () => {
  const world = new World()
  const before = world.receive('before')
  assert.deepEqual(world.seriesOf(1, before), [
    ['host', 'before'],
    ['tenant', '1']
  ])
  await expireIdle(world.table)
  // Found again only by those that the table still has.
  const after = [world.receive('after'), world.receive('more')]
  for (const [i, host] of ['after', 'more'].entries())
    assert.deepEqual(world.seriesOf(1, after[i]), [
      ['host', host],
      ['tenant', '1']
    ])
})

test('series that are silent make room; those that are not stay what they are', async () => {
  const world = new World()
  world.seriesOf(1, world.receive('silent'))
  const kept = () =>
    assert.deepEqual(world.seriesOf(2, world.receive('kept')), [
      ['host', 'kept'],
      ['tenant', '2']
    ])
  kept()
  assert.deepEqual([world.ids.sizeOf(1), world.ids.sizeOf(2)], [1, 1])
  for (let epoch = 0; epoch < 8; epoch++) {
    kept()
    runThrough(world.table.expireIdle(1))
  }
  assert.deepEqual([world.ids.sizeOf(1), world.ids.sizeOf(2)], [0, 1])
  world.seriesOf(1, world.receive('silent'))
  assert.equal(world.ids.sizeOf(1), 1)
})

test('regression: each tenant took 320 KiB, however small', () => {
  const world = new World()
  const received = world.receive('a')
  const before = process.memoryUsage().arrayBuffers
  for (let slot = 0; slot < 4096; slot++) world.seriesOf(slot, received)
  const grown = process.memoryUsage().arrayBuffers - before
  assert.ok(grown < 24 * 2 ** 20, `${grown} bytes`)
})
