import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { BadInputError } from '../../../core/errors.ts'
import { type Attribute, NO_ATTRIBUTES } from '../../../core/model/attributes.ts'
import { NewSeries } from '../../../core/model/new-series.ts'
import type { Resource } from '../../../core/model/series.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { sharedBytes } from '../../../core/model/shared-bytes.ts'
import { collectGarbage } from '../../garbage.ts'

const METRIC = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const COUNT = 4000
/** A price may be too high by so much, and too low by a tenth. */
const MOST_OVER = 1.6
/** Nearly all of a page of ids, so that what is not used of it does not count. */
const SMALL_SERIES = 60_000
/** Beside their keys a page of ids is little. */
const LARGE_SERIES = 15_000

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

describe('the price of a series is the memory it takes in the table', () => {
  const cases: [string, number, (i: number) => Attribute[]][] = [
    ['five attributes', SMALL_SERIES, i => textPairs(i, 5, 12)],
    ['one attribute', SMALL_SERIES, i => textPairs(i, 1, 12)],
    ['many attributes', LARGE_SERIES, i => textPairs(i, 60, 4)],
    ['long values', LARGE_SERIES, i => textPairs(i, 3, 500)],
    ['texts beyond Latin-1', LARGE_SERIES, i => [[fresh('名'), fresh(`${i}${'値'.repeat(300)}`)]]],
    ['a list of lists', LARGE_SERIES, i => [['list', Array.from({ length: 20 }, () => [i])]]]
  ]
  for (const [name, count, attributes] of cases) {
    it(name, () => {
      const table = new SeriesTable()
      const series = new NewSeries(table)
      const before = table.bytes
      for (let i = 0; i < count; i++) series.receive(METRIC, attributes(i))
      // Processors and exporters have a place for it in their columns.
      const bytes = table.bytes - before + count * 64
      assert.ok(series.bytes > bytes * 0.9, `${series.bytes / count} for ${bytes / count} bytes each`)
      assert.ok(series.bytes < bytes * MOST_OVER, `${series.bytes / count} for ${bytes / count} bytes each`)
      assert.equal(table.made, count)
    })
  }
})

it('the price of a resource is the memory it takes, with its part of keys', () => {
  const registry = new SeriesTable()
  const { bytes, made } = heapOf(() =>
    Array.from({ length: COUNT }, (_, i) => {
      const resource: Resource = { attributes: textPairs(i, 20, 40), schemaUrl: '' }
      return { resource, series: registry.intern(METRIC, NO_ATTRIBUTES, resource) }
    })
  )
  const price = made.reduce((sum, { resource }) => sum + sharedBytes(resource.attributes), 0)
  assert.ok(price > bytes * 0.9 && price < bytes * MOST_OVER, `${price / COUNT} for ${bytes / COUNT} bytes each`)
})

describe('new series', () => {
  it('are counted once', () => {
    const series = new NewSeries(new SeriesTable())
    const first = series.receive(METRIC, [['a', 'b']])
    const { bytes } = series
    assert.ok(bytes > 64)
    assert.equal(series.receive(METRIC, [['a', 'b']]), first)
    assert.equal(series.bytes, bytes)
  })

  it('are too many when they take more than there may be', () => {
    const series = new NewSeries(new SeriesTable(), 1000)
    series.receive(METRIC, [['a', '1']])
    assert.throws(
      () => series.receive(METRIC, [['a', 'x'.repeat(1000)]]),
      (error: unknown) => BadInputError.is(error) && error.reason === 'too_large'
    )
  })
})
