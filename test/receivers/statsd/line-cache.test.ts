import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineCache, lineCacheBytes } from '../../../receivers/statsd/line-cache.ts'

test('used entries stay, unused ones are evicted', () => {
  const cache = new LineCache<number>(10)
  cache.put('dear', 'c', 1)
  for (let i = 0; i < 50; i++) {
    cache.put(`passing ${i}`, 'c', i)
    if (i % 3 === 0) assert.equal(cache.find('dear', 'c'), 1, `after ${i}`)
  }
  assert.equal(cache.find('passing 5', 'c'), undefined)
})

test('one name with many meanings', () => {
  const cache = new LineCache<number>(10)
  for (let i = 0; i < 4; i++) cache.put('name', `c|#tag:${i}`, i)
  assert.deepEqual(
    [cache.find('name', 'c|#tag:2'), cache.find('name', 'g'), cache.find('other', 'c')],
    [2, undefined, undefined]
  )
})

test('regression: lines counted by their number alone, so long ones kept many times the memory', () => {
  const each = 16_000
  const cache = new LineCache<number>(1000)
  for (let i = 0; i < 1000; i++) cache.put(`name ${i}`.padEnd(each), 'c', i)
  const kept = Array.from({ length: 1000 }, (_, i) => cache.find(`name ${i}`.padEnd(each), 'c')).filter(
    value => value !== undefined
  )
  assert.ok(kept.length > 50 && kept.length * each <= lineCacheBytes(1000), `${kept.length} kept`)
})
