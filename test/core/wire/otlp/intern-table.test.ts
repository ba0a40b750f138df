import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KeyHash } from '../../../../core/model/series-table/key-hash.ts'
import { entryBytes, InternTable } from '../../../../core/wire/otlp/intern-table.ts'

const ROOMY = { entries: 1000, bytes: 100_000 }
const noBytes = () => 0
const ALL_ALIKE: KeyHash = () => 42

function find(table: InternTable<string>, key: string, parent = 0): string | undefined {
  const bytes = Buffer.from(`#${key}#`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return table.find(parent, view, 1, bytes.length - 1)
}

function intern(table: InternTable<string>, key: string, parent = 0): string {
  const known = find(table, key, parent)
  if (known !== undefined) return known
  const bytes = Buffer.from(key)
  const value = `${parent}/${key}`
  table.put(parent, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, value)
  return value
}

test('finds entries by parent and bytes', () => {
  const table = new InternTable<string>(ROOMY, noBytes)
  for (const key of ['', 'a', 'ab', 'abc', 'abcd', 'abcde', 'abcd\0', 'bbcde'])
    for (const parent of [0, 1, -7]) {
      assert.equal(find(table, key, parent), undefined)
      assert.equal(intern(table, key, parent), `${parent}/${key}`)
      assert.equal(find(table, key, parent), `${parent}/${key}`)
    }
})

test('keys in any order, and more than the first table holds', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ maxLength: 9 }), fc.nat(2)), { maxLength: 900 }), keys => {
      const table = new InternTable<string>(ROOMY, noBytes)
      for (const [key, parent] of keys) assert.equal(intern(table, key, parent), `${parent}/${key}`)
      for (const [key, parent] of keys) assert.equal(find(table, key, parent), `${parent}/${key}`)
    })
  )
})

test('colliding hashes stay apart, and beyond the search they are just not kept', () => {
  const table = new InternTable<string>(ROOMY, noBytes, ALL_ALIKE)
  for (let round = 0; round < 3; round++)
    for (let i = 0; i < 500; i++) assert.equal(intern(table, `key ${i}`), `0/key ${i}`)
  const kept = Array.from({ length: 500 }, (_, i) => find(table, `key ${i}`)).filter(value => value !== undefined)
  assert.ok(kept.length >= 60 && kept.length < 500, `${kept.length} kept`)
})

test('two generations: used entries stay, unused ones are evicted', () => {
  const table = new InternTable<string>({ entries: 10, bytes: 10_000 }, noBytes)
  intern(table, 'dear')
  for (let i = 0; i < 100; i++) {
    intern(table, `passing ${i}`)
    if (i % 5 === 0) assert.equal(find(table, 'dear'), '0/dear', `after ${i}`)
    assert.ok(table.size <= 20)
  }
  assert.equal(find(table, 'passing 5'), undefined)
})

test('bounded in bytes too', () => {
  const table = new InternTable<string>({ entries: 1000, bytes: 3 * entryBytes(30) }, noBytes)
  for (let i = 0; i < 50; i++) intern(table, `${i}`.padStart(30))
  assert.ok(table.size <= 6, `${table.size} entries`)
  assert.equal(intern(table, 'x'.repeat(400)), `0/${'x'.repeat(400)}`)
  assert.equal(find(table, 'x'.repeat(400)), undefined)
})

test('regression: values counted for nothing, so few keys could keep any amount of memory', () => {
  const table = new InternTable<string>({ entries: 1000, bytes: 4000 }, value => value.length * 100)
  for (let i = 0; i < 50; i++) intern(table, `${i}`.padStart(8))
  assert.ok(table.size <= 6, `${table.size} entries`)
})
