import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteSink, NativeBlock, NestedColumn } from '../../../../exporters/clickhouse/native-format.ts'
import { asNullable, asNumbers, asTexts, readNative } from '../../../../exporters/clickhouse/promql/native-reader.ts'

function block(): Buffer {
  const rows = 2
  const written = new NativeBlock(rows)
  const texts = new ByteSink()
  for (const text of ['', 'ö'.repeat(100)]) texts.text(text)
  written.texts('texts', texts)
  written.numbers('values', 'Float64', Float64Array.of(1.5, Number.NaN))
  written.numbers('ids', 'UInt64', BigUint64Array.of(1n, 2n ** 64n - 1n))
  written.numbers('scales', 'Int8', Int8Array.of(-3, 4))
  const [map, list] = [new NestedColumn(rows), new NestedColumn(rows)]
  map.endRow(0)
  map.keys.int32(-7)
  map.values.float64(2)
  map.endRow(1)
  written.map('buckets', 'Int32', 'Float64', map)
  for (const value of [1, 2, 3]) list.values.float64(value)
  list.endRow(3)
  list.endRow(0)
  written.array('bounds', 'Float64', list)
  return Buffer.concat(written.chunks())
}

test('columns are read as they were written, of several blocks', () => {
  const [first, second] = readNative([block(), block()])
  assert.equal(first.rows, 2)
  assert.deepEqual(second.texts('texts'), ['', 'ö'.repeat(100)])
  assert.deepEqual(second.numbers('values'), Float64Array.of(1.5, Number.NaN))
  assert.deepEqual(second.ids('ids'), BigUint64Array.of(1n, 2n ** 64n - 1n))
  assert.deepEqual(second.numbers('scales'), Int8Array.of(-3, 4))
  const buckets = second.list('buckets')
  assert.deepEqual([...buckets.ends], [0, 1])
  assert.deepEqual(asNumbers(buckets.keys), Int32Array.of(-7))
  assert.deepEqual(asNumbers(buckets.items), Float64Array.of(2))
  assert.deepEqual([...second.list('bounds').ends], [3, 3])
})

test('values that may be missing, and types with arguments inside of others', () => {
  const sink = new ByteSink()
  for (const count of [2, 1]) sink.varint(count)
  for (const text of ['grid', 'Array(Nullable(Float64))']) sink.text(text)
  sink.uint64(2)
  for (const isNull of [1, 0]) sink.byte(isNull)
  for (const value of [0, 7]) sink.float64(value)
  for (const text of ['labels', 'SimpleAggregateFunction(anyLast, Map(String, String))']) sink.text(text)
  sink.uint64(1)
  for (const text of ['a', 'b']) sink.text(text)
  const [read] = readNative([sink.bytes()])
  const { nulls, values } = asNullable(read.list('grid').items)
  assert.deepEqual(
    [[...nulls], [...values]],
    [
      [1, 0],
      [0, 7]
    ]
  )
  const labels = read.list('labels')
  assert.deepEqual([asTexts(labels.keys), asTexts(labels.items)], [['a'], ['b']])
})

test('columns are the same in whatever pieces they came', () => {
  const whole = block()
  const [want] = readNative([whole])
  for (let size = 1; size < whole.length; size++) {
    const pieces: Uint8Array[] = [new Uint8Array()]
    for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size), new Uint8Array())
    assert.deepEqual([...readNative(pieces)], [want], `${size} bytes`)
  }
})

test('an answer that is cut off at any byte is refused', () => {
  const whole = block()
  for (let length = 1; length < whole.length; length++)
    assert.throws(() => [...readNative([whole.subarray(0, length)])], /cut off|not read here/, `${length} bytes`)
})

test('a column that is missing, or of another type, is refused', () => {
  const [read] = readNative([block()])
  for (const wrong of [
    () => read.numbers('missing'),
    () => read.numbers('texts'),
    () => read.texts('values'),
    () => read.ids('values'),
    () => read.list('ids')
  ])
    assert.throws(wrong, TypeError)
})
