import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SERIES_MEMO_BYTES } from '../../../core/model/series-memo.ts'
import { Murmur3 } from '../../../core/model/sketch/murmur3.ts'
import plugin from '../../../processors/dedup/index.ts'
import { Memory } from '../../../processors/dedup/memory.ts'
import { memoryBound } from '../../../processors/dedup/memory-bound.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

const hash = new Murmur3()
const key = new Uint32Array(4)
const keyOf = (name: string) => {
  hash.reset().text(name).finish(key)
  return key
}

it('the stated false-positive rate holds with every bucket full', () => {
  const ENTRIES = 40_000
  const ASKED = 200_000
  const config = testConfig(plugin, { memory: 'probabilistic', max_entries: ENTRIES, window: '80s' })
  const memory = new Memory(config)
  let known = 0
  for (let i = 0; memory.size < ENTRIES; i++) {
    if (memory.recall(keyOf(`id ${i}`))) known++
    else memory.remember(key, (i / ENTRIES) * 80_000)
  }
  let wrong = 0
  for (let i = 0; i < ASKED; i++) if (memory.recall(keyOf(`other ${i}`))) wrong++
  const rate = wrong / ASKED
  // Three standard deviations of a count of 200 around the stated 0.001.
  assert.ok(rate <= 0.001 * 1.22, `${rate}`)
  assert.ok(rate > 0.0001, `${rate}: far rarer than stated would mean wasted memory`)
  assert.ok(known < 200)
})

const BOUNDS: [string, Record<string, unknown>][] = [
  ['exact', { max_entries: 20_000, window: '80s' }],
  ['sample', { max_entries: 20_000, window: '80s', mode: 'sample' }],
  ['probabilistic', { max_entries: 20_000, window: '80s', memory: 'probabilistic' }],
  [
    'probabilistic, rarely wrong',
    { max_entries: 20_000, window: '80s', memory: 'probabilistic', false_positive_rate: 1e-5 }
  ]
]
for (const [name, options] of BOUNDS) {
  it(`${name}: a million ids in bursts stay within memoryBound and max_entries`, () => {
    const config = testConfig(plugin, options)
    const memory = new Memory(config)
    let most = 0
    for (let i = 0, now = 0; i < 1_000_000; i++) {
      // Bursts of all sizes between moments of silence.
      if (i % 1000 === 0) now += (i / 1000) % 7 === 0 ? 12_000 : 100
      memory.expire(now)
      if (!memory.recall(keyOf(`id ${i}`))) memory.remember(key, now)
      if (i % 500 === 0) most = Math.max(most, memory.bytes)
      assert.ok(memory.size <= 20_000)
    }
    assert.ok(most <= memoryBound(config), `${most} bytes, bound ${memoryBound(config)}`)
    const bound = memoryBound(config) - (name === 'sample' ? SERIES_MEMO_BYTES : 0)
    assert.ok(most * 4 > bound, `the bound ${bound} is far above the ${most} bytes taken`)
  })
}

const REFUSED: [Record<string, unknown>, RegExp][] = [
  [{ mode: 'sample', memory: 'probabilistic' }, /sample has no probabilistic memory/],
  [{ mode: 'client_seq', memory: 'probabilistic' }, /client_seq has no probabilistic memory/],
  [{ window: '100ms' }, /at least 1s/],
  [{ mode: 'ha_replica', replica_label: 'cluster' }, /must differ/]
]
for (const [config, want] of REFUSED) {
  it(`refuses ${JSON.stringify(config)}`, () => {
    assert.throws(() => testConfig(plugin, config), want)
  })
}
