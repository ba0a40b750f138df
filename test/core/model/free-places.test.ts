import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { FreePlaces } from '../../../core/model/free-places.ts'

it('places that were added are taken, each once, and one that is near comes first', () => {
  const step = fc.oneof(fc.record({ add: fc.nat(3000) }), fc.record({ near: fc.integer({ min: -4, max: 4000 }) }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), steps => {
      const places = new FreePlaces()
      const free = new Set<number>()
      for (const step of steps) {
        if ('add' in step) {
          if (free.has(step.add)) continue
          free.add(step.add)
          places.add(step.add)
          continue
        }
        const near = (place: number) => step.near >= 0 && Math.abs(place - step.near) <= 512
        const isNear = [...free].some(near)
        const taken = places.take(step.near)
        assert.equal(taken !== undefined, free.size > 0)
        if (taken === undefined) continue
        assert.ok(free.delete(taken))
        if (isNear) assert.ok(Math.abs(taken - step.near) < 544, `${taken} for ${step.near}`)
      }
      assert.equal(places.size, free.size)
    }),
    { numRuns: 500 }
  )
})

it('which one is taken depends on the free ones, not on their history', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(5000), { minLength: 1 }),
      fc.array(fc.integer({ min: -1, max: 5000 })),
      (free, near) => {
        const ways = [free, free.toReversed()].map(order => {
          const places = new FreePlaces()
          for (const place of order) places.add(place)
          return places
        })
        // One of them had all of them free twice.
        for (const _ of free) ways[1].take(-1)
        for (const place of free) ways[1].add(place)
        for (const one of near) assert.equal(ways[1].take(one), ways[0].take(one))
      }
    )
  )
})
