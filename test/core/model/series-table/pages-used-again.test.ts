import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyBatch } from '../../../../core/model/series-table/key-batch.ts'
import { FOLLOWER, HEADER, ID, LENGTH, PARENT, SEEN } from '../../../../core/model/series-table/key-records.ts'
import { KeyTable, UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'

const PARENT_OF_ALL = 3
/** 41 of them fill a page of 4 MiB. */
const LARGE = 100_000
const IN_A_PAGE = 41
const WORDS = HEADER + LARGE / 4
/** Place of the key in the page that is given back. */
const PLACE = 9

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

test('what followed a key is forgotten before a key of another length takes its place', () => {
  const table = new KeyTable()
  const large = (i: number) => Buffer.alloc(LARGE, String.fromCharCode(33 + i))
  const add = (bytes: Buffer) => table.add(PARENT_OF_ALL, viewOf(bytes), 0, bytes.length)
  const find = (bytes: Buffer) => table.find(PARENT_OF_ALL, viewOf(bytes), 0, bytes.length)
  const ids = Array.from({ length: 2 * IN_A_PAGE + 1 }, (_, i) => add(large(i)))
  const first = large(0)
  find(first)
  find(large(IN_A_PAGE + PLACE))
  for (const id of ids.slice(IN_A_PAGE, 2 * IN_A_PAGE)) table.remove(id)
  runThrough(table.reclaim())
  for (let i = 1; i < IN_A_PAGE; i++) add(large(2 * IN_A_PAGE + i))

  const key = Buffer.from('8 bytes!')
  const outer = Buffer.alloc(LARGE * 20)
  const record = (PLACE * WORDS - HEADER) * 4
  for (const [field, value] of [
    [PARENT, PARENT_OF_ALL + 1],
    [LENGTH, key.length],
    [FOLLOWER, 0],
    [ID, ids[0]],
    [SEEN, table.epoch]
  ])
    outer.writeInt32LE(value, record + field * 4)
  key.copy(outer, record + HEADER * 4)
  add(outer)

  find(first)
  const batch = new KeyBatch()
  batch.begin(viewOf(key))
  batch.add(PARENT_OF_ALL + 1, 0, key.length)
  table.findAll(batch)
  assert.equal(batch.ids[0], UNKNOWN)
})
