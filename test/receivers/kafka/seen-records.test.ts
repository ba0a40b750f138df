import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeenRecords } from '../../../receivers/kafka/seen-records.ts'

const HOUR_MS = 3_600_000
const id = (number: number, producer = 'a') => ({ producer, number: BigInt(number) })

test('a record that came before is known, whatever came between', () => {
  const seen = new SeenRecords()
  for (const number of [0, 1, 2]) {
    assert.equal(seen.has(id(number)), false)
    seen.add(id(number), 1000)
  }
  assert.equal(seen.has(id(1)), true)
  assert.equal(seen.has(id(1, 'b')), false, 'numbers are those of a producer')
})

test('numbers that were left out are new when they come, once', () => {
  const seen = new SeenRecords()
  for (const number of [0, 5]) seen.add(id(number), 1000)
  assert.equal(seen.has(id(3)), false)
  seen.add(id(3), 1000)
  assert.equal(seen.has(id(3)), true)
  assert.equal(seen.has(id(4)), false)
})

test('a gap of any size costs no more memory than a small one', () => {
  const seen = new SeenRecords()
  seen.add(id(1_000_000_000), 1000)
  for (const number of [0, 500_000, 999_999_999]) assert.equal(seen.has(id(number)), false, String(number))
  assert.ok(seen.snapshot().length < 500)
})

test('of many gaps the oldest count as filled', () => {
  const seen = new SeenRecords()
  for (let number = 1; number < 500; number += 2) seen.add(id(number), 1000)
  assert.equal(seen.has(id(0)), true)
  assert.equal(seen.has(id(498)), false)
})

test('the first record that is seen of a producer need not be its first', () => {
  const seen = new SeenRecords()
  seen.add(id(4), 1000)
  assert.equal(seen.has(id(0)), false, 'a request that waits to be sent again')
})

test('a producer is forgotten when it was silent for an hour', () => {
  const seen = new SeenRecords()
  seen.add(id(3), 1000)
  seen.expire(1000 + HOUR_MS)
  assert.equal(seen.has(id(3)), true)
  seen.expire(1001 + HOUR_MS)
  assert.equal(seen.has(id(3)), false)
})

test('its state is all that it knows', () => {
  const [seen, next] = [new SeenRecords(), new SeenRecords()]
  for (const number of [0, 5]) seen.add(id(number), 1000)
  next.restore(seen.snapshot())
  assert.deepEqual(
    [0, 1, 5, 6].map(number => next.has(id(number))),
    [true, false, true, false]
  )
})
