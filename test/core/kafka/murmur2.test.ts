import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmur2, partitionOf } from '../../../core/kafka/murmur2.ts'

// From the tests of Kafka's Java client.
const cases: readonly [key: string, hash: number][] = [
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107]
]

for (const [key, hash] of cases)
  test(`the hash of ${key} is that of Java`, () => {
    assert.equal(murmur2(Buffer.from(key)), hash)
    assert.equal(partitionOf(murmur2(Buffer.from(key)), 12), (hash & 0x7fff_ffff) % 12)
  })
