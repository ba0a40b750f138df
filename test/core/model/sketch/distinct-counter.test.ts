import assert from 'node:assert/strict'
import { it } from 'node:test'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { DistinctCounter } from '../../../../core/model/sketch/distinct-counter.ts'

const STANDARD_ERROR = 1.04 / Math.sqrt(2 ** 14)

function counterOf(from: number, to: number): DistinctCounter {
  const counter = new DistinctCounter()
  for (let i = from; i < to; i++) counter.add(`member ${i}`)
  return counter
}

for (const distinct of [0, 1, 2, 100, 511, 512]) {
  it(`counts ${distinct} exactly, however often they come`, () => {
    const counter = counterOf(0, distinct)
    counter.merge(counterOf(0, distinct))
    assert.equal(counter.count(), distinct)
    assert.ok(counter.bytes <= Math.max(32, distinct * 16))
  })
}

for (const distinct of [513, 2000, 5000, 30_000, 100_000, 1_000_000]) {
  it(`estimates ${distinct} within three standard errors, in 16 KiB`, () => {
    const counter = counterOf(0, distinct)
    assert.ok(Math.abs(counter.count() / distinct - 1) < 3 * STANDARD_ERROR, `${counter.count()}`)
    assert.ok(counter.bytes <= 16_384)
  })
}

it('whatever the order, the parts and the saves between: the bytes are those of the whole', () => {
  const part = fc.tuple(fc.nat(2000), fc.integer({ min: 0, max: 1500 }))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), parts => {
      const merged = new DistinctCounter()
      const whole = new DistinctCounter()
      const members = new Set<number>()
      for (const [from, length] of parts) {
        merged.merge(DistinctCounter.from(deserialize(serialize(counterOf(from, from + length).save()))))
        for (let i = from; i < from + length; i++) members.add(i)
      }
      for (const member of [...members].reverse()) whole.add(`member ${member}`)
      assert.deepEqual(merged.save(), whole.save())
      if (members.size <= 512) assert.equal(merged.count(), members.size)
    }),
    { numRuns: 60 }
  )
})

it('the hash is the same in every process and version: saved sketches must merge', () => {
  assert.deepEqual(counterOf(0, 3).save(), Float64Array.of(1446523881514550, 1841311734634530, 3592344834826079))
})
