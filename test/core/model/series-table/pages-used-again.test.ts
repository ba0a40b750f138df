import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyBatch } from '../../../../core/model/series-table/key-batch.ts'
import { KeyTable, UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { FOLLOWER, HEADER, ID, LENGTH, PARENT, SEEN } from '../../../../core/model/series-table/record-layout.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'

const PARENT_OF_ALL = 3
/** 41 of them fill a page of 4 MiB. */
const LARGE = 100_000
const IN_A_PAGE = 41
const WORDS = HEADER + LARGE / 4
/** Place of the key in the page that is given back. */
const PLACE = 9

/** It was never added. */
const SMALL = Buffer.from('8 bytes!')
/** After so many wrong predictions keys are found by hashes. */
const UNKNOWN_KEYS = 10

const viewOf = (bytes: Buffer) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
const large = (i: number) => Buffer.alloc(LARGE, String.fromCharCode(33 + i))

/** A table with keys that fill two pages, and one key in a third. */
class FilledTable {
  readonly table = new KeyTable()
  readonly #ids = Array.from({ length: 2 * IN_A_PAGE + 1 }, (_, i) => this.add(large(i)))

  add(bytes: Buffer): number {
    return this.table.add(PARENT_OF_ALL, viewOf(bytes), 0, bytes.length)
  }

  find(bytes: Buffer): number {
    return this.table.find(PARENT_OF_ALL, viewOf(bytes), 0, bytes.length)
  }

  /** From here on no key counts as the one found last. */
  removeLast(): void {
    this.table.remove(this.#ids.pop()!)
  }

  giveBackSecondPage(): void {
    for (const id of this.#ids.splice(IN_A_PAGE, IN_A_PAGE)) this.table.remove(id)
    runThrough(this.table.reclaim())
  }

  /** Fills the third page, and then the second with a key that has a record of {@link SMALL} in it. */
  fillSecondPage(): void {
    for (let i = this.table.size; i < 2 * IN_A_PAGE; i++) this.add(large(IN_A_PAGE + i))
    const outer = Buffer.alloc(LARGE * 20)
    const record = (PLACE * WORDS - HEADER) * 4
    for (const [field, value] of [
      [PARENT, PARENT_OF_ALL + 1],
      [LENGTH, SMALL.length],
      [FOLLOWER, 0],
      [ID, this.#ids[0]],
      [SEEN, this.table.epoch]
    ])
      outer.writeInt32LE(value, record + field * 4)
    SMALL.copy(outer, record + HEADER * 4)
    this.add(outer)
  }

  /** Keys that are unknown come first, so that a known one is looked up by its hash. */
  findBehindUnknown(bytes: Buffer): void {
    const batch = new KeyBatch()
    batch.begin(viewOf(bytes))
    for (let i = 0; i < UNKNOWN_KEYS; i++) batch.add(PARENT_OF_ALL, 0, i)
    batch.add(PARENT_OF_ALL, 0, bytes.length)
    this.table.findAll(batch)
  }

  findSmall(): number {
    const batch = new KeyBatch()
    batch.begin(viewOf(SMALL))
    batch.add(PARENT_OF_ALL + 1, 0, SMALL.length)
    this.table.findAll(batch)
    return batch.ids[0]
  }
}

test('what followed a key is forgotten before a key of another length takes its place', () => {
  const filled = new FilledTable()
  filled.find(large(0))
  filled.find(large(IN_A_PAGE + PLACE))
  filled.giveBackSecondPage()
  filled.fillSecondPage()
  filled.find(large(0))
  assert.equal(filled.findSmall(), UNKNOWN)
})

test('so is the key that was found first after another one was removed', () => {
  const filled = new FilledTable()
  // Of some batches that are found by hashes the first one writes down its order.
  filled.findBehindUnknown(large(0))
  filled.removeLast()
  filled.find(large(IN_A_PAGE + PLACE))
  filled.giveBackSecondPage()
  filled.findBehindUnknown(large(0))
  filled.fillSecondPage()
  filled.removeLast()
  assert.equal(filled.findSmall(), UNKNOWN)
})
