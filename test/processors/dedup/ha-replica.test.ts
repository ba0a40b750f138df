import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { PointBlock } from '../../../sdk/plugin/index.ts'
import { eventsOf, Harness } from './harness.ts'

const CONFIG = { mode: 'ha_replica' }
const from = (weir: Harness, replica: string, cluster = 'eu', at = 0) =>
  weir.points({ at, attributes: { cluster, __replica__: replica, job: 'j' } })

it('one replica of a cluster is let through, without its label; the others are dropped', async () => {
  const weir = new Harness(CONFIG)
  assert.equal(await weir.send(from(weir, 'a')), 'acked')
  assert.deepEqual((weir.last as PointBlock).series.at(0).attributes, [
    ['cluster', 'eu'],
    ['job', 'j']
  ])
  assert.equal(await weir.send(from(weir, 'b')), 'acked')
  assert.equal(weir.out.length, 1)
  assert.deepEqual(weir.dropped, { not_elected: 1 })
  await weir.send(from(weir, 'b', 'us'))
  assert.equal(weir.out.length, 2, 'each cluster has its own election')
  assert.equal(weir.context.account.imbalance, 0)
})

it('after failover_timeout of silence the next to send is elected, and the series is the same', () => {
  const weir = new Harness(CONFIG)
  weir.send(from(weir, 'a'))
  weir.context.clock.advance(29_999)
  weir.send(from(weir, 'b'))
  assert.equal(weir.out.length, 1)
  weir.context.clock.advance(1)
  weir.send(from(weir, 'b'))
  assert.equal(weir.out.length, 2)
  const [first, second] = weir.out.map(({ block }) => (block as PointBlock).series.at(0))
  assert.equal(first, second)
  weir.send(from(weir, 'a'))
  assert.equal(weir.out.length, 2, 'the replica elected before is not elected again')
  assert.equal(weir.readings.get('failovers_total')!(), 1)
})

it('labels may be those of the resource; a batch may hold several replicas, and points of none', () => {
  const weir = new Harness(CONFIG)
  const resource = (replica: string) => ({ cluster: 'eu', __replica__: replica })
  weir.send(
    weir.points(
      { at: 0, name: 'a', resource: resource('a') },
      { at: 0, name: 'b', resource: resource('b') },
      { at: 0, name: 'c', attributes: { __replica__: 'x' } },
      { at: 0, name: 'a', resource: resource('a') }
    )
  )
  const { series } = weir.last as PointBlock
  assert.deepEqual(
    [...series].map(({ metric, attributes, resource }) => [metric.name, attributes, resource.attributes]),
    [
      ['a', [], [['cluster', 'eu']]],
      ['c', [['__replica__', 'x']], []],
      ['a', [], [['cluster', 'eu']]]
    ]
  )
})

it('works for events, and remembers the elected replica over a restart', () => {
  const weir = new Harness(CONFIG)
  weir.send(eventsOf([undefined], [{ cluster: 'eu', __replica__: 'a' }]))
  const next = weir.restarted(CONFIG)
  next.send(eventsOf([undefined], [{ cluster: 'eu', __replica__: 'b' }]))
  assert.equal(next.out.length, 0)
  assert.deepEqual(next.dropped, { not_elected: 1 })
})

it('beyond max_sources further clusters are dropped, until others have been silent', () => {
  const weir = new Harness({ ...CONFIG, max_sources: 1 })
  weir.send(from(weir, 'a', 'one'))
  weir.send(from(weir, 'a', 'two'))
  assert.deepEqual(weir.dropped, { too_many_clusters: 1 })
  weir.context.clock.advance(30_000)
  weir.send(from(weir, 'a', 'two'))
  assert.equal(weir.out.length, 2)
})
