import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import type { Labels } from '../../../../core/wire/prometheus/labels.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'
import { LabelSets } from '../../../../core/wire/remote-write/label-sets.ts'
import { encodeLabels } from '../../../../core/wire/remote-write/write-request.ts'
import { collectGarbage } from '../../../garbage.ts'

const SETS = 20_000

const labelsOf = (i: number): Labels => [
  ['__name__', `http_requests_${i % 10}_total`],
  ['http_method', ['GET', 'POST', 'DELETE'][i % 3]],
  ['http_route', `/api/v1/items/${i % 30}`],
  ['instance', 'checkout-7c9f-pod'],
  ['job', 'shop/checkout'],
  ['partition', `${Math.floor(i / 10)}`],
  ['window', '10s']
]

function bytesOf(sets: LabelSets, id: number): Buffer {
  const writer = new ProtobufWriter()
  sets.write(id, writer)
  return Buffer.from(writer.finish())
}

function assertAllEncoded(sets: LabelSets, ids: readonly number[], from = 0): void {
  for (const [i, id] of ids.entries())
    if (i >= from) assert.deepEqual(bytesOf(sets, id), Buffer.from(encodeLabels(labelsOf(i))))
}

describe('label sets', () => {
  it('are the same whether they were first those of a received or of a derived series', () => {
    const sets = new LabelSets(new SeriesTable(), 'UnderscoreEscapingWithSuffixes', () => {})
    const ids = Array.from({ length: 100 }, (_, i) => sets.idOf(labelsOf(i), i % 2 === 0))
    assert.equal(new Set(ids).size, 100)
    assertAllEncoded(sets, ids)
    assert.deepEqual(
      ids.map((_, i) => sets.idOf(labelsOf(i), i % 2 === 1)),
      ids
    )
  })

  it('of derived series share their labels', () => {
    const sets = new LabelSets(new SeriesTable(), 'UnderscoreEscapingWithSuffixes', () => {})
    const ids = Array.from({ length: SETS }, (_, i) => sets.idOf(labelsOf(i), true))
    assertAllEncoded(sets, ids)
    const encoded = encodeLabels(labelsOf(SETS)).length
    assert.ok(sets.bytes / SETS < encoded, `${sets.bytes / SETS} bytes for a label set of ${encoded}`)
  })

  it('go with their labels, if nobody uses them', () => {
    const sets = new LabelSets(new SeriesTable(), 'UnderscoreEscapingWithSuffixes', () => {})
    const kept = (id: number) => id % 2 === 0
    const ids = Array.from({ length: SETS }, (_, i) => sets.idOf(labelsOf(i), true))
    const holder = { holdIds: (hold: (id: number) => void) => ids.filter(kept).forEach(hold) }
    sets.addHolder(holder)
    for (let i = 0; i < 4; i++) runThrough(sets.expireIdle())
    const more = ids.map((id, i) => (kept(id) ? id : sets.idOf(labelsOf(i), true)))
    assertAllEncoded(sets, more)
    assert.equal(new Set(more).size, SETS)
  })

  it('go after one epoch without use', async () => {
    const sets = new LabelSets(new SeriesTable(), 'UnderscoreEscapingWithSuffixes', () => {})
    for (let i = 0; i < SETS; i++) sets.idOf(labelsOf(i))
    const { bytes } = sets
    await expire(sets)
    assert.equal(sets.bytes, bytes)
    await expire(sets)
    assert.ok(sets.bytes < bytes / 2, `${sets.bytes} of ${bytes} bytes`)
  })

  it('go, though ids of composed labels are held that have their numbers', async () => {
    const sets = new LabelSets(new SeriesTable(), 'UnderscoreEscapingWithSuffixes', () => {})
    const ids = Array.from({ length: SETS }, (_, i) => sets.idOf(labelsOf(i)))
    const holder = { holdIds: (hold: (id: number) => void) => ids.forEach(id => void hold(id + 1)) }
    sets.addHolder(holder)
    const { bytes } = sets
    for (let i = 0; i < 3; i++) await expire(sets)
    assert.ok(sets.bytes < bytes / 2, `${sets.bytes} of ${bytes} bytes`)
    sets.addHolder(holder)
  })
})

/** The garbage collector has looked at the leases before. */
async function expire(sets: LabelSets): Promise<void> {
  await setImmediate()
  collectGarbage()
  runThrough(sets.expireIdle())
}
