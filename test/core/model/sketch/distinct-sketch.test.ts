import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockBytes } from '../../../../core/model/block.ts'
import { joinBlocks } from '../../../../core/model/join.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { DistinctCounter, registersOf } from '../../../../core/model/sketch/distinct-counter.ts'
import { addDistinct, distinctSketch } from '../../../../core/model/sketch/distinct-sketch.ts'

const SHARDS = 10
const series = new SeriesTable().intern(
  { name: 'users', unit: '', description: '', kind: 'set', temporality: 'delta' },
  []
)

function counterOf(members: readonly string[]): DistinctCounter {
  const counter = new DistinctCounter()
  for (const member of members) counter.add(member)
  return counter
}

const members = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `member ${from + i}`)

function blockOf(of: readonly string[]): PointBlock {
  const builder = new PointBlockBuilder()
  builder.addDistribution(series, 0, distinctSketch(counterOf(of)))
  return builder.build()
}

for (const distinct of [10, 512, 3000, 200_000]) {
  test(`ten shards of ${distinct} members that overlap make the sketch of all, bit for bit`, () => {
    const all = members(0, distinct)
    const merged = new DistinctCounter()
    for (let shard = 0; shard < SHARDS; shard++)
      addDistinct(merged, distinctSketch(counterOf(all.filter((_, i) => i % SHARDS === shard || i % 3 === 0))))
    assert.deepEqual(distinctSketch(merged), distinctSketch(counterOf(all)))
  })
}

test('members and sketches of them count together', () => {
  const counter = counterOf(members(0, 5))
  addDistinct(counter, { kind: 'set', members: members(3, 8) })
  addDistinct(counter, distinctSketch(counterOf(members(6, 600))))
  assert.deepEqual(distinctSketch(counter), distinctSketch(counterOf(members(0, 600))))
})

test('its number stands in the column, it pays for its memory, and joins as it is', () => {
  const [few, many] = [blockOf(members(0, 100)), blockOf(members(0, 200_000))]
  assert.deepEqual([few.value[0], many.value[0]], [100, distinctSketch(counterOf(members(0, 200_000))).count])
  assert.equal(blockBytes(many) - blockBytes(few), 2 ** 14 - 100 * 8)
  const joined = joinBlocks([few, many]) as PointBlock
  assert.deepEqual(
    [...joined.distributions.values()],
    [few, many].map(block => block.distributions.get(0))
  )
})

test('registers of hashes kept are those of the sketch they would become', () => {
  const grown = counterOf(members(0, 513)).save()
  const merged = DistinctCounter.from(registersOf(counterOf(members(0, 500)).save()))
  merged.merge(DistinctCounter.from(registersOf(counterOf(members(400, 513)).save())))
  assert.deepEqual(merged.save(), grown)
})
