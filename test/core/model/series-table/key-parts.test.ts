import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyParts } from '../../../../core/model/series-table/key-parts.ts'
import type { StoredKey } from '../../../../core/model/series-table/stored-key.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'

const FIELD = 1

function viewOf(...texts: string[]): DataView {
  const writer = new ProtobufWriter()
  for (const text of texts) writer.string(FIELD, text)
  return new DataView(Uint8Array.from(writer.finish()).buffer)
}

/** A list that is kept, as a table would keep it. */
function added(parts: KeyParts, ...texts: string[]): StoredKey {
  const view = viewOf(...texts)
  const list = parts.add(view, 0, view.byteLength)
  parts.keep(list)
  return { parent: 0, view: new DataView(list.buffer.slice(0, list.byteLength)), start: 0, end: list.byteLength }
}

function assertComposes(parts: KeyParts, list: StoredKey, ...texts: string[]): void {
  const { view, start, end } = parts.compose(list, list.parent)
  assert.deepEqual(Buffer.from(view.buffer, view.byteOffset + start, end - start), Buffer.from(viewOf(...texts).buffer))
}

describe('keys in parts', () => {
  it('are composed as they were, in any order of asking', () => {
    const parts = new KeyParts()
    const kinds = [
      [],
      ['a', 'bb', 'ccc'],
      ['a', 'b2', 'ccc'],
      ['a', 'longer than that', 'c', 'ccc'],
      ['a', 'bb'],
      ['another', 'x'.repeat(5000), 'ccc'],
      Array.from({ length: 200 }, (_, i) => `${i}`)
    ]
    const lists = kinds.map(texts => added(parts, ...texts))
    for (const [i, list] of lists.entries())
      for (const [j, next] of lists.entries()) {
        assertComposes(parts, list, ...kinds[i])
        assertComposes(parts, next, ...kinds[j])
      }
  })

  it('take four bytes for each part that is known', () => {
    const parts = new KeyParts()
    assert.equal(parts.find(viewOf('a', 'b'), 0, 6), undefined)
    added(parts, 'a', 'b')
    const { bytes } = parts
    assert.equal(added(parts, 'b', 'a', 'a').end, 12)
    assert.equal(parts.bytes, bytes)
    assert.ok(parts.find(viewOf('a', 'b'), 0, 6))
  })

  it('do not get the bytes of a part that is gone', () => {
    const parts = new KeyParts()
    const first = added(parts, 'kept', 'gone')
    const kept = added(parts, 'kept')
    assertComposes(parts, first, 'kept', 'gone')
    parts.release(first)
    // It gets the id of the part that is gone.
    assertComposes(parts, added(parts, 'kept', 'next'), 'kept', 'next')
    assertComposes(parts, kept, 'kept')
    assert.equal(parts.find(viewOf('gone'), 0, 6), undefined)
  })
})
