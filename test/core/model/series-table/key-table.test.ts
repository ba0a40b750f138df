import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hashKey, newSecrets } from '../../../../core/model/series-table/key-hash.ts'
import { KeyTable, UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { addKey, batchOf, findKey, type Key, keyAt, resolve } from './key-list.ts'

const KEY = fc.tuple(
  fc.nat(2),
  fc.oneof(
    fc.string({ maxLength: 9, unit: 'binary-ascii' }),
    fc.nat(40).map(n => 'k'.repeat(n)),
    fc.constantFrom('', '\0', '\0\0\0\0', `${'x'.repeat(1500)}a`, `${'x'.repeat(1500)}b`)
  )
)

describe('a table of keys', () => {
  it('gives each key one id, whatever is found, added and removed, and however hashes collide', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.array(KEY, { maxLength: 40 }).map(keys => ({ keys })) },
      fc.nat(7).map(remove => ({ remove }))
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, collide) => {
        const table = new KeyTable(undefined, collide ? (_, __, ___, start, end) => (end - start) % 3 : undefined)
        const ids = new Map<string, number>()
        for (const step of steps) {
          if ('keys' in step) resolveAll(table, ids, step.keys)
          else
            for (const [key, id] of [...ids].filter((_, i) => i % 8 === step.remove)) {
              table.remove(id)
              ids.delete(key)
            }
          assert.equal(table.size, ids.size)
        }
        for (const [key, id] of ids) assert.equal(keyAt(table, id), key)
      }),
      { numRuns: 300 }
    )
  })

  it('finds bodies of any order, those that it has seen and others', () => {
    const table = new KeyTable()
    const ids = new Map<string, number>()
    const keys = Array.from({ length: 9000 }, (_, i): [number, string] => [i % 3, `key ${i}`])
    for (const stride of [1, 1, 7, 7, 4001, 1])
      resolveAll(
        table,
        ids,
        keys.map((_, i) => keys[(i * stride) % keys.length])
      )
    assert.deepEqual([table.size, table.length], [9000, 9000])
  })

  it('keys that come in the order of last time are seen in each epoch', () => {
    const table = new KeyTable()
    const keys = ['a', 'b', 'c', 'd'].map(key => [0, key] as const)
    const ids = keys.map(([parent, key]) => addKey(table, parent, key))
    for (const epoch of [1, 1, 2, 2, 3]) {
      table.epoch = epoch
      table.findAll(batchOf(keys))
      assert.deepEqual(
        ids.map(id => table.seen(id)),
        ids.map(() => epoch)
      )
    }
  })

  it('several keys may have one id, which is seen by any of them, and goes with all', () => {
    const table = new KeyTable()
    const id = addKey(table, 1, 'a=1,b=2')
    assert.equal(addKey(table, 1, 'b=2,a=1', id), id)
    table.epoch = 5
    assert.equal(table.seen(id), 1)
    assert.equal(findKey(table, 1, 'b=2,a=1'), id)
    assert.equal(table.seen(id), 5)
    assert.equal(keyAt(table, id), '1/a=1,b=2')
    table.remove(id)
    assert.deepEqual([findKey(table, 1, 'a=1,b=2'), findKey(table, 1, 'b=2,a=1'), table.size], [UNKNOWN, UNKNOWN, 0])
  })

  it('memory of what is removed is used again', () => {
    const table = new KeyTable()
    let most = 0
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 2000 }, (_, i) => addKey(table, 0, `key ${round} ${i}`.padEnd(40)))
      most = Math.max(most, table.bytes)
      for (const id of ids) table.remove(id)
    }
    assert.ok(table.length <= 2000, 'ids are used again')
    assert.ok(most < 2 * 2000 * KeyTable.bytesOf(40) + 2 ** 20, `${most} bytes`)
  })

  it('regression: keys of ever new lengths took new memory, and that of earlier ones was used by none', () => {
    const table = new KeyTable()
    for (let round = 0; round < 10; round++) {
      const ids = Array.from({ length: 20_000 }, (_, i) => addKey(table, 0, `${i}`.padEnd(400 + round * 4)))
      assert.ok(table.reservedBytes < 24 * 2 ** 20, `${table.reservedBytes} bytes in round ${round}`)
      for (const id of ids) table.remove(id)
      runThrough(table.reclaim())
    }
  })

  it('of keys that were made to collide some hundred have a place; others are refused, and cost no more', () => {
    const table = new KeyTable(undefined, () => 42)
    const added = Array.from({ length: 400 }, (_, i) => addKey(table, 0, `key ${i}`)).filter(id => id !== UNKNOWN)
    assert.ok(added.length > 50 && added.length < 300, `${added.length}`)
    assert.equal(table.size, added.length)
  })

  it('a key longer than a page is refused', () => {
    assert.equal(addKey(new KeyTable(), 0, 'x'.repeat(5_000_000)), UNKNOWN)
  })
})

describe('the hash', () => {
  it('reads all bytes, whatever lies behind them', () => {
    const secrets = newSecrets()
    const hashOf = (text: string) => {
      const bytes = Buffer.from(text, 'latin1')
      return (end: number) => hashKey(secrets, 0, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, end)
    }
    for (let length = 0; length < 40; length++)
      assert.equal(hashOf('x'.repeat(length))(length), hashOf(`${'x'.repeat(length)}${'y'.repeat(9)}`)(length))
    const hashes = new Set(Array.from({ length: 2000 }, (_, i) => hashOf('x'.repeat(i))(i)))
    assert.ok(hashes.size > 1990, `${hashes.size}`)
  })

  it('regression: a secret that made one half of a word zero made all keys collide that differ in the other', () => {
    const secrets = newSecrets()
    const half = (text: string) => Buffer.from(text).readUInt16LE()
    const hashes = (key: (digits: string) => string) =>
      Array.from({ length: 100 }, (_, i) => {
        const bytes = Buffer.from(key(String(i).padStart(2, '0')))
        return hashKey(secrets, 0, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
      })
    secrets[2] = -half('us')
    secrets[3] = -half('42')
    assert.equal(new Set(hashes(digits => `${digits}42`)).size, 100)
    assert.equal(new Set(hashes(digits => `us${digits}`)).size, 100)
  })

  it('depends on secrets: keys that collide under some do not under others', () => {
    const bytes = Buffer.from('the same bytes')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const hashes = Array.from({ length: 50 }, () => hashKey(newSecrets(), 7, view, 0, bytes.length))
    assert.ok(new Set(hashes).size > 45)
  })
})

/** Resolves keys, and compares their ids with those of earlier ones. */
function resolveAll(table: KeyTable, ids: Map<string, number>, keys: readonly Key[]): void {
  for (const [i, id] of resolve(table, keys).entries()) {
    const key = keys[i].join('/')
    if (!ids.has(key)) ids.set(key, id)
    assert.equal(id, ids.get(key))
  }
}
