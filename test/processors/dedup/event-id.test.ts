import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Harness } from './harness.ts'

const CONFIGS: [string, Record<string, unknown>][] = [
  ['exact', { window: '80s' }],
  ['probabilistic', { window: '80s', memory: 'probabilistic', max_entries: 1000 }]
]

for (const [name, config] of CONFIGS) {
  it(`${name}: an id passes once, within a batch and over batches; events without an id always pass`, async () => {
    const weir = new Harness(config)
    assert.equal(await weir.sendIds('a', 'b', 'a', undefined), 'acked')
    assert.deepEqual(weir.lastIds, ['a', 'b', undefined])
    assert.equal(await weir.sendIds('b', 'c', undefined), 'acked')
    assert.deepEqual(weir.lastIds, ['c', undefined])
    assert.equal(await weir.sendIds('a', 'b', 'c'), 'acked')
    assert.equal(weir.out.length, 2, 'nothing is left of the third batch')
    assert.deepEqual(weir.dropped, { duplicate: 5 })
    assert.equal(weir.context.counters.get('unidentified_total'), 2)
    assert.equal(weir.context.account.imbalance, 0)
  })

  it(`${name}: an id is remembered for the window and at most an eighth longer`, () => {
    for (const [seconds, passes] of [
      [79.9, false],
      [80, false],
      [90.1, true]
    ] as const) {
      const weir = new Harness(config)
      weir.sendIds('a')
      weir.context.clock.advance(seconds * 1000)
      weir.sendIds('a')
      assert.equal(weir.out.length, passes ? 2 : 1, `after ${seconds} s`)
    }
  })

  it(`${name}: memory survives a restart`, () => {
    const weir = new Harness(config)
    weir.sendIds('a', 'b')
    const next = weir.restarted(config)
    next.sendIds('b', 'c')
    assert.deepEqual(next.lastIds, ['c'])
  })

  it(`${name}: beyond max_entries the oldest go first, and are counted`, () => {
    const weir = new Harness({ ...config, max_entries: 64 })
    for (let i = 0; i < 200; i++) weir.sendIds(`id ${i}`)
    assert.ok(weir.readings.get('entries')!() <= 64)
    assert.equal(weir.readings.get('evicted_entries_total')!() + weir.readings.get('entries')!(), 200)
    weir.sendIds('id 199', 'id 160', 'id 0')
    assert.deepEqual(weir.lastIds, ['id 0'])
  })
}

it('a batch without duplicates goes on as the same block', () => {
  const weir = new Harness({})
  const block = { ...weir.points({ at: 0 }) }
  weir.send(block)
  assert.equal(weir.last, block)
})

it('tells how late duplicates come', () => {
  const weir = new Harness({ window: '10m' })
  weir.sendIds(...Array.from({ length: 100 }, (_, i) => `id ${i}`))
  weir.context.clock.advance(2000)
  for (let i = 0; i < 99; i++) weir.sendIds(`id ${i}`)
  weir.context.clock.advance(58_000)
  weir.sendIds('id 99')
  assert.equal(weir.readings.get('lateness_max_seconds')!(), 60)
  const p99 = weir.readings.get('lateness_p99_seconds')!()
  assert.ok(p99 >= 2 && p99 < 2 * 1.1, `p99 is ${p99}`)
})

it('another window may be configured over exact memory; another mode or kind of memory may not', () => {
  const weir = new Harness({ window: '80s' })
  weir.sendIds('a')
  weir.context.clock.advance(30_000)
  weir.sendIds('b')
  const longer = weir.restarted({ window: '10m' })
  longer.context.clock.advance(300_000)
  longer.sendIds('a', 'b', 'c')
  assert.deepEqual(longer.lastIds, ['c'])
  assert.throws(() => weir.restarted({ mode: 'request' }), /saved in mode event_id/)
  assert.throws(() => weir.restarted({ memory: 'probabilistic' }), /configured is "probabilistic/)
})
