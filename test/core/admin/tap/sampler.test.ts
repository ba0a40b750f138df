import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Sampler } from '../../../../core/admin/tap/sampler.ts'

test('a sampler lets so many items a second through', () => {
  for (const [perSecond, batch, everyMs, want] of [
    [10, 1000, 10, 10],
    [10, 1, 100, 10],
    [10, 1, 500, 2],
    [1, 50, 20, 1],
    [100, 1000, 1, 100]
  ] as const) {
    const sampler = new Sampler(perSecond)
    let chosen = 0
    for (let now = 0; now < 20_000; now += everyMs) chosen += sampler.choose(batch, now).length
    const perSecondChosen = chosen / 20
    const name = `${batch} items every ${everyMs} ms at ${perSecond}/s: ${perSecondChosen}`
    assert.ok(perSecondChosen >= want * 0.9 && perSecondChosen <= want + (perSecond / 4 + 1) / 20, name)
  }
})

test('it chooses different items of a batch, in their order', () => {
  const sampler = new Sampler(100)
  for (let now = 0; now < 5000; now += 250) {
    const chosen = sampler.choose(40, now)
    assert.equal(chosen.length, 25)
    assert.equal(new Set(chosen).size, chosen.length)
    assert.deepEqual(
      chosen.toSorted((a, b) => a - b),
      chosen
    )
    assert.ok(chosen.every(i => Number.isInteger(i) && i >= 0 && i < 40))
  }
})
