import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { BadInputError } from '../../../core/errors.ts'
import { type Attribute, NO_ATTRIBUTES } from '../../../core/model/attributes.ts'
import { type Resource, type Series, SeriesRegistry } from '../../../core/model/series.ts'
import { NewSeries, seriesBytes, sharedBytes } from '../../../core/model/series-bytes.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const METRIC = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const COUNT = 4000
/** A price may be too high by so much, and too low by a tenth. */
const MOST_OVER = 1.6

/** A text in a piece of memory of its own, as decoders make them. */
const fresh = (text: string) => Buffer.from(text).toString()

function heapOf<T>(make: () => T): { bytes: number; made: T } {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const made = make()
  collectGarbage()
  return { bytes: process.memoryUsage().heapUsed - before, made }
}

const textPairs = (i: number, count: number, length: number) =>
  Array.from({ length: count }, (_, k): Attribute => [fresh(`key.${k}`), fresh(`${i}`.padStart(length, 'x'))])

describe('the price of a series is the memory it takes', () => {
  const cases: [string, (i: number) => Attribute[]][] = [
    ['five attributes', i => textPairs(i, 5, 12)],
    ['one attribute', i => textPairs(i, 1, 12)],
    ['many attributes', i => textPairs(i, 60, 4)],
    ['long values', i => textPairs(i, 3, 500)],
    ['texts beyond Latin-1', i => [[fresh('名'), fresh(`${i}${'値'.repeat(300)}`)]]],
    ['a list of lists', i => [['list', Array.from({ length: 100 }, () => [i])]]]
  ]
  for (const [name, attributes] of cases) {
    it(name, () => {
      const registry = new SeriesRegistry()
      const { bytes, made } = heapOf(() =>
        Array.from({ length: COUNT }, (_, i): Series => registry.intern(METRIC, attributes(i)))
      )
      const price = made.reduce((sum, series) => sum + seriesBytes(series), 0)
      assert.ok(price > bytes * 0.9 && price < bytes * MOST_OVER, `${price / COUNT} for ${bytes / COUNT} bytes each`)
      assert.equal(registry.made, COUNT)
    })
  }
})

it('the price of a resource is the memory it takes, with its part of keys', () => {
  const registry = new SeriesRegistry()
  const { bytes, made } = heapOf(() =>
    Array.from({ length: COUNT }, (_, i) => {
      const resource: Resource = { attributes: textPairs(i, 20, 40), schemaUrl: '' }
      return { resource, series: registry.intern(METRIC, NO_ATTRIBUTES, resource) }
    })
  )
  const price = made.reduce(
    (sum, { resource, series }) => sum + sharedBytes(resource.attributes) + seriesBytes(series),
    0
  )
  assert.ok(price > bytes * 0.9 && price < bytes * MOST_OVER, `${price / COUNT} for ${bytes / COUNT} bytes each`)
})

describe('new series', () => {
  it('are counted once', () => {
    const series = new NewSeries(new SeriesRegistry())
    const first = series.intern(METRIC, [['a', 'b']])
    assert.equal(series.bytes, seriesBytes(first))
    assert.equal(series.intern(METRIC, [['a', 'b']]), first)
    assert.equal(series.bytes, seriesBytes(first))
  })

  it('are too many when they take more than there may be', () => {
    const series = new NewSeries(new SeriesRegistry(), 1000)
    series.intern(METRIC, [['a', '1']])
    assert.throws(
      () => series.intern(METRIC, [['a', 'x'.repeat(300)]]),
      (error: unknown) => BadInputError.is(error) && error.reason === 'too_large'
    )
  })
})
