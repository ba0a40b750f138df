import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALL_CASES, nameOf, parseCase } from '../../../bench/programs/cases.ts'

test('names of cases are read back', () => {
  assert.deepEqual(ALL_CASES.map(nameOf).map(parseCase), ALL_CASES)
  assert.equal(new Set(ALL_CASES.map(nameOf)).size, ALL_CASES.length)
})

test('a scenario alone is measured with the fewest series', () => {
  assert.deepEqual(parseCase('through'), { scenario: 'through', series: 50_000, variant: 'in order' })
})

for (const [name, problem] of [
  ['thru', /no scenario "thru": use one of windows-by, /],
  ['through/many', /"many" is not a number of series/],
  ['through/1000/sorted', /no variant "sorted": use one of in order, random, scattered, churn/]
] as const)
  test(`${name} is no case`, () => assert.throws(() => parseCase(name), problem))
