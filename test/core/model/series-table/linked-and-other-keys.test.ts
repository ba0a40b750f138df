import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Attributes } from '../../../../core/model/attributes.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import { hashKey } from '../../../../core/model/series-table/key-hash.ts'
import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'

const metric: Metric = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' }

describe('other spellings of linked keys', () => {
  it('are not kept if there is no room for the key itself, which stays the first one', () => {
    let colliding = UNKNOWN
    // More keys of one length collide than there is room for.
    const hash: typeof hashKey = (secrets, parent, view, start, end) =>
      end - start === colliding ? 7 : hashKey(secrets, parent, view, start, end)
    const table = new SeriesTable({ hash })
    const splice = new AttributeSplice([['window', '10s']], ['window'])
    const [from, to] = ['from', 'to'].map(name => table.contextOf({ ...metric, name }, NO_RESOURCE, NO_SCOPE))
    const base = table.receive(from, [['host', 'x']])
    const id = table.idWith(base, to, splice)!
    const { view, start, end } = table.keyOf(id)
    const key = Buffer.from(new Uint8Array(view.buffer as ArrayBuffer, start, end - start))
    colliding = key.length
    assert.throws(() => {
      for (let i = 100; i < 500; i++)
        table.receive(to, [
          ['host', 'y'],
          ['window', `${i}`]
        ])
    }, /too many/)
    // The length of the first attribute takes two bytes.
    const spelled = Uint8Array.from([key[0], key[1] | 0x80, 0, ...key.subarray(2)])
    table.addSpelling(id, to, new DataView(spelled.buffer), 0, spelled.length)
    const now = table.keyOf(id)
    assert.deepEqual(Buffer.from(new Uint8Array(now.view.buffer as ArrayBuffer, now.start, now.end - now.start)), key)
    assert.equal(table.receive(to, table.read(id).attributes), id)
    assert.equal(table.idWith(base, to, splice), id)
  })
})

describe('keys in parts, beside linked ones', () => {
  it('are those asked for, if the way back of a linked one was looked for and not found', () => {
    const table = new SeriesTable()
    const splice = new AttributeSplice([['window', '10s']], ['window'])
    const [from, to, other] = ['from', 'to', 'other'].map(name =>
      table.contextOf({ ...metric, name }, NO_RESOURCE, NO_SCOPE)
    )
    table.idWith(table.receive(from, []), to, splice)
    // All their parts are known.
    table.idIn(other, [['window', '10s']])
    table.idIn(other, [['zone', 'eu']])
    const attributes: Attributes = [
      ['window', '10s'],
      ['zone', 'eu']
    ]
    const id = table.idIn(to, attributes)
    assert.deepEqual(table.read(id).attributes, attributes)
    assert.equal(table.idIn(to, attributes), id)
  })
})
