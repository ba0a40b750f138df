import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInputError } from '../../../../core/errors.ts'
import { DEFAULT_LIMITS } from '../../../../core/model/item-limits.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../../../../core/wire/otlp/metrics-decoder.ts'
import { attribute, double, fixed64, integer, message, text } from '../protobuf/fields.ts'

// Points as most encoders write them have a way of their own through the decoder. It must not be seen from outside.

const RECEIVED_AT = 1_770_000_000_000
const NANO = 1_760_000_000_123_456_789n
const ROUNDS = 150
/** A length has two bytes from 128 on, and three from 16,384 on. */
const LENGTHS = [0, 5, 100, 113, 114, 115, 116, 117, 118, 200, 16_366, 16_367, 16_368, 16_369, 16_370, 20_000]

/** A number from 0 to `below` for each call, of a linear congruential generator. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** The fields of a point, in the usual order. */
function fieldsOf(random: (below: number) => number): Buffer[] {
  const fields: Buffer[] = []
  if (random(2) === 0) fields.push(fixed64(2, NANO - BigInt(random(3))))
  fields.push(fixed64(3, random(8) === 0 ? 0n : NANO + BigInt(random(3))))
  if (random(10) > 0) fields.push(random(2) === 0 ? fixed64(6, BigInt(random(9)) - 4n) : double(4, random(9) / 4))
  for (let i = random(4); i > 0; i--)
    fields.push(attribute(7, `key${i}`, 'v'.repeat(random(3) === 0 ? LENGTHS[random(LENGTHS.length)] : random(9))))
  if (random(8) === 0) fields.push(integer(8, 1))
  if (random(8) === 0) fields.push(message(5, fixed64(2, NANO), double(3, 1)))
  return fields
}

/** A Sum, once as an encoder writes it, and once with the fields of each point turned round. */
function sums(random: (below: number) => number): [usual: Buffer, turned: Buffer] {
  const usual: Buffer[] = []
  const turned: Buffer[] = []
  const both = (field: Buffer) => usual.push(field) && turned.push(field)
  if (random(2) === 0) both(integer(2, 1))
  for (let i = random(12); i > 0; i--) {
    const fields = fieldsOf(random)
    usual.push(message(1, ...fields))
    turned.push(message(1, ...fields.toReversed()))
    if (random(9) === 0) both(text(99, 'unknown'))
  }
  if (random(4) > 0) both(integer(2, 1 + random(2)))
  if (random(2) === 0) both(integer(3, 1))
  const name = random(9) === 0 ? [] : [text(1, `metric${random(3)}`)]
  return [message(2, ...name, message(7, ...usual)), message(2, ...name, message(7, ...turned))]
}

test('the order of a point’s fields makes no difference', () => {
  const table = new SeriesTable()
  const limits = { ...DEFAULT_LIMITS, max_value_length: 2 ** 20, max_identity_length: 2 ** 20 }
  const decoders = [new OtlpMetricsDecoder(table, { limits }), new OtlpMetricsDecoder(table, { limits })]
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = numbersFrom(seed)
    const metrics = Array.from({ length: 1 + random(4) }, () => sums(random))
    const [usual, turned] = decoders.map((decoder, i) => {
      const body = message(1, message(2, ...metrics.map(both => both[i])))
      const { block, exemplars, rejections } = decoder.decode(body, RECEIVED_AT)
      return { block, exemplars: exemplars.count, rejections: [...rejections.items] }
    })
    assert.deepEqual({ ...usual, block: plain(usual.block) }, { ...turned, block: plain(turned.block) }, `seed ${seed}`)
  }
})

const plain = ({ series, time, start, value, flags }: ReturnType<OtlpMetricsDecoder['decode']>['block']) =>
  [series.ids, time, start, value, flags].map(column => [...column])

test('a point that ends behind its metric is refused, though an attribute could be there', () => {
  const behind = attribute(7, 'host', 'x')
  const point = message(1, fixed64(3, NANO), fixed64(6, 7n), attribute(7, 'a', '1'), behind)
  const bodyOf = (point: Buffer) => {
    const metric = message(2, text(1, 'm'), message(7, integer(2, 2), point))
    // A field of ScopeMetrics that nobody knows.
    return message(1, message(2, metric, behind))
  }
  const decode = (point: Buffer) => new OtlpMetricsDecoder(new SeriesTable()).decode(bodyOf(point), RECEIVED_AT)
  assert.deepEqual([...decode(point).block.value], [7])
  const all = point.length - behind.length
  for (let end = 0; end < behind.length; end++)
    assert.throws(() => decode(point.subarray(0, all + end)), BadInputError, `${end} bytes of the attribute`)
})

test('more points than the size of the body let expect', () => {
  const points = Array.from({ length: 1000 }, (_, i) => message(1, fixed64(3, NANO), fixed64(6, BigInt(i))))
  const { block } = new OtlpMetricsDecoder(new SeriesTable()).decode(
    message(1, message(2, message(2, text(1, 'm'), message(5, ...points)))),
    RECEIVED_AT
  )
  assert.deepEqual([...block.value], [...points.keys()])
})

test('no point is taken for a series that was derived and has no attributes', () => {
  const table = new SeriesTable()
  // Those of the first contexts have the first lists of parts.
  for (const name of ['a', 'b', 'c', 'd']) {
    const metric = { name, unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
    table.idOf(metric, [])
  }
  const one = fixed64(6, 1n)
  const apart = message(1, attribute(7, 'a', '1'), one, attribute(7, 'b', '2'))
  const long = 'n'.repeat(DEFAULT_LIMITS.max_name_length + 1)
  const metrics = [message(2, text(1, 'm'), message(5, apart)), message(2, text(1, long), message(5, message(1, one)))]
  const { block, rejections } = new OtlpMetricsDecoder(table).decode(message(1, message(2, ...metrics)), RECEIVED_AT)
  assert.deepEqual(
    [...block.series].map(({ metric }) => metric.name),
    ['m']
  )
  assert.equal(rejections.total, 1)
})
