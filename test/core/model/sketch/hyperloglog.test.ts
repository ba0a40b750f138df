import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { HyperLogLog } from '../../../../core/model/sketch/hyperloglog.ts'
import { Murmur3 } from '../../../../core/model/sketch/murmur3.ts'

const hash = new Murmur3()
const words = new Uint32Array(4)
function add(sketch: HyperLogLog, item: string): void {
  hash.reset().text(item).finish(words)
  sketch.add(words[0], words[1])
}
function sketchOf(precision: number, from: number, to: number): HyperLogLog {
  const sketch = new HyperLogLog(precision)
  for (let i = from; i < to; i++) add(sketch, `item ${i}`)
  return sketch
}

for (const precision of [10, 12, 14]) {
  for (const distinct of [0, 1, 10, 100, 500, 1000, 5000, 20_000, 100_000, 1_000_000]) {
    it(`precision ${precision} estimates ${distinct} within four standard errors`, () => {
      const estimate = sketchOf(precision, 0, distinct).estimate()
      const error = (4 * 1.04) / Math.sqrt(2 ** precision)
      assert.ok(Math.abs(estimate - distinct) <= Math.max(0.5, distinct * error), `${estimate}`)
    })
  }
}

it('the error over many sketches is the stated one', () => {
  const ROUNDS = 200
  const DISTINCT = 30_000
  let squares = 0
  for (let round = 0; round < ROUNDS; round++) {
    const from = round * DISTINCT
    squares += (sketchOf(10, from, from + DISTINCT).estimate() / DISTINCT - 1) ** 2
  }
  const error = Math.sqrt(squares / ROUNDS)
  assert.ok(error < (1.15 * 1.04) / 32, `${error}`)
})

it('merging any parts in any order is the sketch of the whole; so is one saved and read again', () => {
  const part = fc.tuple(fc.nat(3000), fc.nat(2000))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), parts => {
      const merged = new HyperLogLog(12)
      const whole = new HyperLogLog(12)
      for (const [from, length] of parts) {
        merged.merge(HyperLogLog.from(structuredClone(sketchOf(12, from, from + length).save())))
        for (let i = from; i < from + length; i++) add(whole, `item ${i}`)
      }
      assert.deepEqual(merged.save(), whole.save())
      assert.equal(merged.estimate(), whole.estimate())
    }),
    { numRuns: 60 }
  )
})

it('is small while few were added, and never larger than its registers', () => {
  const sketch = new HyperLogLog(12)
  assert.equal(sketch.bytes, 32)
  for (let i = 0; i < 100; i++) add(sketch, `item ${i}`)
  assert.ok(sketch.isSparse && sketch.bytes <= 512)
  for (let i = 0; i < 10_000; i++) add(sketch, `item ${i}`)
  assert.deepEqual([sketch.isSparse, sketch.bytes], [false, 4096])
})

it('a hash of all zeros and one of all ones are as good as any', () => {
  const sketch = new HyperLogLog(14)
  sketch.add(0, 0)
  sketch.add(-1, -1)
  assert.equal(Math.round(sketch.estimate()), 2)
})

it('refuses precisions it cannot have, and to merge another', () => {
  assert.throws(() => new HyperLogLog(3), /must be from 4 to 16/)
  assert.throws(() => new HyperLogLog(12).merge(new HyperLogLog(13)), /cannot merge precision 13 into 12/)
})
