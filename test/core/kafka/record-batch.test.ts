import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { compressionsAlgorithms, createRecordsBatch, Reader } from '@platformatic/kafka'
import { BadInputError } from '../../../core/errors.ts'
import { batchesIn, type RecordBatch } from '../../../core/kafka/record-batch.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const LARGE = 'a value of some length '.repeat(20_000)

/** As a producer writes it. */
const written = (values: readonly string[], compression: (typeof CODECS)[number]) =>
  createRecordsBatch(
    values.map((value, i) => ({
      topic: 't',
      value: Buffer.from(value),
      key: Buffer.from(`key ${i}`),
      headers: new Map([[Buffer.from('name'), Buffer.from(`header ${i}`)]]),
      timestamp: BigInt(1000 + i)
    })),
    { compression, producerId: 7n }
  ).buffer

const read = (bytes: Buffer) => batchesIn(Reader.from(bytes))

function shown(batch: RecordBatch) {
  const seen: unknown[] = []
  batch.forEach(({ offsetDelta, key, value, headers: [[name, header]] }) => {
    seen.push([offsetDelta, String(key), String(value), String(name), String(header)])
  })
  return seen
}

for (const codec of CODECS)
  test(`the records of batches, ${codec}`, () => {
    const batches = read(Buffer.concat([written(['a', LARGE], codec), written(['b'], codec)]))
    const [first, second] = batches
    assert.deepEqual(
      [batches.length, first.firstOffset, first.end, first.length, first.maxTimestamp, first.producerId],
      [2, 0, 2, 2, 1001, 7n]
    )
    assert.deepEqual(shown(first), [
      [0, 'key 0', 'a', 'name', 'header 0'],
      [1, 'key 1', LARGE, 'name', 'header 1']
    ])
    assert.deepEqual(shown(first), shown(first), 'they can be read again')
    assert.deepEqual(shown(second), [[0, 'key 0', 'b', 'name', 'header 0']])
  })

test('an answer that is cut off has the batches that are whole', () => {
  const whole = written(['a'], 'zstd')
  const bytes = Buffer.concat([whole, written(['b', 'c'], 'zstd')])
  for (let length = 0; length < bytes.length; length++)
    assert.equal(read(bytes.subarray(0, length)).length, length < whole.length ? 0 : 1, `${length} bytes`)
})

for (const codec of CODECS)
  test(`decompressed memory is given back at once, and that of other buffers is not, ${codec}`, () => {
    for (const value of [LARGE, 'small']) {
      const [batch] = read(written([value], codec))
      let kept: Buffer | undefined
      const other = Buffer.from('another one')
      batch.forEach(record => {
        kept = record.value!
      })
      if (value === LARGE) assert.equal(kept?.length, codec === 'none' ? LARGE.length : 0)
      assert.equal(other.toString(), 'another one')
    }
  })

test('memory is given back if the reader of records fails', () => {
  const [batch] = read(written([LARGE], 'zstd'))
  let kept: Buffer | undefined
  const use = () =>
    batch.forEach(({ value }) => {
      kept = value!
      throw new Error('the reader fails')
    })
  assert.throws(use, /the reader fails/)
  assert.equal(kept?.length, 0)
})

test('zstd in several frames, and with a size that is not true', () => {
  const { bytes, attributes } = read(written([LARGE], 'zstd'))[0]
  const records = compressionsAlgorithms.zstd.decompressSync(bytes)
  const half = records.length >> 1
  const frames = Buffer.concat([zstdCompressSync(records.subarray(0, half)), zstdCompressSync(records.subarray(half))])
  const lying = Buffer.from(bytes)
  // Its size, of four bytes.
  lying.writeUInt32LE(0xffff_ffff, 5)
  assert.equal(shown(asBatch(frames, attributes)).length, 1)
  assert.throws(() => shown(asBatch(lying, attributes)), BadInputError)
})

for (const codec of CODECS)
  test(`damaged records are bad input, ${codec}`, () => {
    const { bytes, attributes } = read(written([LARGE, 'b'], codec))[0]
    for (const length of [0, 1, 4, 10, bytes.length >> 1, bytes.length - 40])
      assert.throws(() => shown(asBatch(bytes.subarray(0, length), attributes, 2)), BadInputError, `${length} bytes`)
    assert.throws(() => shown(asBatch(Buffer.alloc(100, 0xff), attributes, 2)), BadInputError)
  })

test('an unknown compression is bad input, and so is a batch that becomes larger than memory', () => {
  assert.throws(() => shown(asBatch(Buffer.alloc(10), 7)), /compression 7/)
  const bomb = zstdCompressSync(Buffer.alloc(300 * 2 ** 20))
  assert.throws(() => shown(asBatch(bomb, 4)), /decompressed/)
})

/** A batch with these records. */
function asBatch(records: Buffer, attributes: number, count = 1): RecordBatch {
  const head = Buffer.from(written(['x'], 'none').subarray(0, 61))
  head.writeInt32BE(49 + records.length, 8)
  head.writeInt16BE(attributes, 21)
  head.writeInt32BE(count, 57)
  return read(Buffer.concat([head, records]))[0]
}
