import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Session } from 'chdb'
import fc from 'fast-check'
import { ByteSink, NativeBlock, NestedColumn } from '../../../exporters/clickhouse/native-format.ts'
import { codePoint } from '../../code-point.ts'

const RUNS = 60
const folder = await mkdtemp(join(tmpdir(), 'weir-native-'))
const session = new Session(join(folder, 'db'))

after(async () => {
  session.close()
  await rm(folder, { recursive: true, force: true })
})

/** What ClickHouse reads from the block: numbers as their bits, so that NaN, -0 and 64-bit integers compare. */
async function readBack<T>(block: NativeBlock, select: string): Promise<T[]> {
  const file = join(folder, 'block.native')
  await writeFile(file, Buffer.concat(block.chunks()))
  const result = await session.queryAsync(`SELECT ${select} FROM file('${file}', Native)`, {
    format: 'JSONCompactEachRow'
  })
  return result
    .text()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

const bits = (value: number) => new BigUint64Array(new Float64Array([value]).buffer)[0].toString()
const word = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 300 }),
  fc.constant('é'.repeat(41)),
  fc.constant('語'.repeat(50))
)
const rowsOf = <T>(row: fc.Arbitrary<T>) => fc.array(row, { minLength: 1, maxLength: 20 })

test('numbers, strings and low-cardinality strings come back as they were', async () => {
  const row = fc.record({ number: fc.double(), text: word, name: fc.integer({ min: 0, max: 4 }), small: fc.nat(255) })
  const names = ['', 'http_requests', 'ünï', "a'b\\", 'x'.repeat(200)]
  await fc.assert(
    fc.asyncProperty(rowsOf(row), async rows => {
      const texts = new ByteSink()
      for (const { text } of rows) texts.text(text)
      const block = new NativeBlock(rows.length)
      block.numbers(
        'n',
        'Float64',
        Float64Array.from(rows, r => r.number)
      )
      block.texts('t', texts)
      block.lowCardinality(
        'l',
        names,
        Uint32Array.from(rows, r => r.name)
      )
      block.numbers(
        's',
        'UInt8',
        Uint8Array.from(rows, r => r.small)
      )
      const read = await readBack(block, 'toString(reinterpretAsUInt64(n)), t, l, s')
      const nan = bits(Number.NaN)
      const want = rows.map(r => [
        Number.isNaN(r.number) ? nan : bits(r.number),
        r.text.toWellFormed(),
        names[r.name],
        r.small
      ])
      assert.deepEqual(read, want)
    }),
    { numRuns: RUNS }
  )
})

test('arrays and maps come back as they were, empty ones too', async () => {
  const row = fc.record({
    numbers: fc.array(fc.double({ noNaN: true }), { maxLength: 5 }),
    map: fc.array(fc.tuple(word, word), { maxLength: 4 }),
    buckets: fc.array(fc.tuple(fc.integer(), fc.maxSafeNat()), { maxLength: 4 })
  })
  await fc.assert(
    fc.asyncProperty(rowsOf(row), async rows => {
      const [array, map, buckets] = [1, 2, 3].map(() => new NestedColumn(rows.length))
      for (const r of rows) {
        for (const value of r.numbers) array.values.float64(value)
        array.endRow(r.numbers.length)
        for (const [key, value] of r.map) {
          map.keys.text(key)
          map.values.text(value)
        }
        map.endRow(r.map.length)
        for (const [key, value] of r.buckets) {
          buckets.keys.int32(key)
          buckets.values.uint64(value)
        }
        buckets.endRow(r.buckets.length)
      }
      const block = new NativeBlock(rows.length)
      block.array('a', 'Float64', array)
      block.map('m', 'String', 'String', map)
      block.map('b', 'Int32', 'UInt64', buckets)
      const select =
        'arrayMap(x -> toString(reinterpretAsUInt64(x)), a), mapKeys(m), mapValues(m), mapKeys(b), arrayMap(x -> toString(x), mapValues(b))'
      const want = rows.map(r => [
        r.numbers.map(bits),
        r.map.map(([key]) => key.toWellFormed()),
        r.map.map(([, value]) => value.toWellFormed()),
        r.buckets.map(([key]) => key),
        r.buckets.map(([, value]) => String(value))
      ])
      assert.deepEqual(await readBack(block, select), want)
    }),
    { numRuns: RUNS }
  )
})

test('times keep microseconds in both scales, before 1970 and up to their end', async () => {
  const micros = fc.oneof(
    fc.integer({ min: -2_208_988_800_000_000, max: 9_007_199_254_740_991 }),
    fc.constantFrom(0, 1, -1, 1_760_000_000_123_456, -1_000_000)
  )
  await fc.assert(
    fc.asyncProperty(rowsOf(micros), async values => {
      const ms = Float64Array.from(values, value => value / 1000)
      const block = new NativeBlock(values.length)
      block.time('six', 6, ms)
      block.time('nine', 9, ms)
      const read = await readBack<[string, string]>(
        block,
        'toString(reinterpretAsInt64(six)), toString(reinterpretAsInt64(nine))'
      )
      // A double of milliseconds is within a microsecond of what it stands for.
      const want = Array.from(ms, value => Math.round(value * 1000))
      const most = 9_223_372_036_853_000
      assert.deepEqual(
        read,
        want.map(value => [String(value), (BigInt(Math.min(value, most)) * 1000n).toString()])
      )
    }),
    { numRuns: RUNS }
  )
})

test('times ClickHouse cannot hold are clamped', async () => {
  const block = new NativeBlock(4)
  const ms = Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY, -1e300, 1e300)
  block.time('six', 6, ms)
  block.time('nine', 9, ms)
  const read = await readBack<[string, string]>(block, "toString(six, 'UTC'), toString(nine, 'UTC')")
  assert.deepEqual(
    read.map(([six]) => six.slice(0, 10)),
    ['1970-01-01', '2299-12-31', '1900-01-01', '2299-12-31']
  )
  assert.deepEqual(
    read.map(([, nine]) => nine.slice(0, 10)),
    ['1970-01-01', '2262-04-11', '1900-01-01', '2262-04-11']
  )
})
