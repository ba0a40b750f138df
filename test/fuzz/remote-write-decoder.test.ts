import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { BadInputError } from '../../core/errors.ts'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { RemoteWriteDecoder } from '../../core/wire/remote-write/decoder.ts'
import { type SentSeries, writeRequest1, writeRequest2 } from '../core/wire/remote-write/proto.ts'
import { NOW, SECONDS } from './run.ts'

const TIMES = { numRuns: 1_000_000_000, interruptAfterTimeLimit: SECONDS * 70 }

const word = fc.oneof(fc.constantFrom('a', 'b', 'job', 'instance', 'ü'), fc.string({ maxLength: 200, unit: 'binary' }))
const sample = fc.record({
  value: fc.double(),
  timestamp: fc.integer({ min: NOW - 10_000, max: NOW })
})
const series: fc.Arbitrary<SentSeries> = fc.record({
  labels: fc.dictionary(
    word.filter(name => name !== '' && name !== '__name__' && name.isWellFormed()),
    word.filter(value => value !== '' && value.isWellFormed()),
    { maxKeys: 8, noNullPrototype: true }
  ),
  samples: fc.array(sample, { maxLength: 4 })
})
const requests = fc.array(fc.array(series, { maxLength: 6 }), { maxLength: 4 })

const named = (sent: readonly SentSeries[]) =>
  sent.map(own => ({ ...own, labels: { __name__: 'm', ...(own.labels as Record<string, string>) } }))

it('every sample comes out with its labels, time and value, by 1.0 as by 2.0', () => {
  const property = fc.property(requests, sent => {
    const table = new SeriesTable()
    const decoder = new RemoteWriteDecoder(table)
    for (const request of sent.map(named)) {
      const want = request.flatMap(({ labels, samples }) =>
        samples!.map(own => [labels, own as { value: number; timestamp: number }] as const)
      )
      for (const [version, body] of [
        ['1.0', writeRequest1(request)],
        ['2.0', writeRequest2(request)]
      ] as const) {
        const { block, rejections } = decoder.decode(body, version)
        assert.equal(rejections.describe(), '')
        assert.equal(block.length, want.length)
        for (const [i, [labels, { value, timestamp }]] of want.entries()) {
          assert.deepEqual(labelsOf(block.series.at(i)), labels)
          assert.deepEqual([block.time[i], block.value[i]], [timestamp, value])
        }
      }
    }
  })
  fc.assert(property, TIMES)
})

it('bytes that were changed are refused or decoded, and nothing else', () => {
  const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), isCut: fc.boolean() })
  const property = fc.property(
    fc.array(series, { maxLength: 6 }),
    fc.array(change, { minLength: 1 }),
    (sent, changes) => {
      const decoder = new RemoteWriteDecoder(new SeriesTable(), { maxBytes: 1_000_000 })
      for (const [version, body] of [
        ['1.0', writeRequest1(named(sent))],
        ['2.0', writeRequest2(named(sent))]
      ] as const)
        try {
          const { block, samples, histograms } = decoder.decode(changed(body, changes), version)
          assert.equal(samples + histograms, block.length)
        } catch (error) {
          if (!BadInputError.is(error)) throw error
        }
    }
  )
  fc.assert(property, TIMES)
})

function changed(body: Buffer, changes: readonly { at: number; to: number; isCut: boolean }[]): Buffer {
  let result = body
  for (const { at, to, isCut } of changes) {
    if (result.length === 0) return result
    const place = at % result.length
    if (isCut) result = Buffer.concat([result.subarray(0, place), result.subarray(place + 1)])
    else result[place] = to
  }
  return result
}

/** As they were sent. */
function labelsOf({ metric, attributes, resource }: ReturnType<SeriesTable['at']>): Record<string, unknown> {
  const target = new Map(resource.attributes)
  const labels: Record<string, unknown> = { __name__: metric.name, ...Object.fromEntries(attributes) }
  if (target.has('service.name')) labels.job = target.get('service.name')
  if (target.has('service.instance.id')) labels.instance = target.get('service.instance.id')
  return labels
}
