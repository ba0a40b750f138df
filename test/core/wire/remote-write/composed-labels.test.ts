import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Attributes } from '../../../../core/model/attributes.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import type { TranslationStrategy } from '../../../../core/wire/prometheus/translation-strategy.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'
import { METRIC, NO_LABELS, STRATEGIES, Store, TWIN, WAYS, type Way, WINDOW, withWindow } from './label-store.ts'

const SERIES = 100_000
const METRICS = 2000
/** Memory of tables that have grown, for each series that has gone. A recipe is more. */
const LEFT_BYTES = 500
const MINUTE = new AttributeSplice([['window', '1m']], ['window'])
const NAMES = ['a', 'a.b', 'a1', 'b', 'é', 'job', 'window.size', '__name__']
const attributesArb = fc
  .dictionary(
    fc.constantFrom(...NAMES),
    fc.oneof(
      fc.constantFrom('', 'x', 'y', 'é€', 'z'.repeat(130)),
      fc.constantFrom<number | boolean | null | readonly number[]>(0, 7, -3, 2 ** 40, 1.5, true, null, [1, 2])
    )
  )
  .map((dictionary): Attributes => Object.entries(dictionary).sort(([a], [b]) => (a < b ? -1 : 1)))

describe('composed labels', () => {
  it('are those that would be kept, with one sample for each label set', async () => {
    const check = async (strategy: TranslationStrategy, external: boolean, rounds: [Attributes, Way][][]) => {
      const externalLabels = external ? { b: 'outside', zone: 'z' } : NO_LABELS
      const composing = new Store(strategy, externalLabels)
      for (const round of rounds) {
        // Labels of received series are kept: each series, received by a store of its own, says what its labels are.
        const want = new Map<string, number>()
        for (const [i, [attributes, way]] of round.entries()) {
          const all = way === 'received' ? attributes : withWindow(attributes)
          const alone = new Store(strategy, externalLabels)
          const [[labels]] = alone.write([alone.received(all)])
          want.set(labels, i + 1)
        }
        const ids = round.map(([attributes, way]) => composing.idOf(attributes, way))
        assert.deepEqual(new Map(composing.write(ids)), want)
        await composing.expire()
      }
    }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...STRATEGIES),
        fc.boolean(),
        fc.array(fc.array(fc.tuple(attributesArb, fc.constantFrom(...WAYS)), { minLength: 1, maxLength: 8 }), {
          maxLength: 4
        }),
        check
      ),
      { numRuns: 150 }
    )
  })

  it('stay with the label set when another series has them, too, though the first one goes', async () => {
    const store = new Store()
    const first = store.windowOf([['host', 'x']])!
    const [[labels]] = store.write([first])
    const twin = store.received(withWindow([['host', 'x']]), TWIN)
    assert.notEqual(first, twin)
    assert.deepEqual(store.write([first, twin]), [[labels, 2]])
    assert.deepEqual(store.write([twin, first]), [[labels, 2]])
    const holder = { holdIds: (hold: (id: number) => void) => hold(twin) }
    store.table.addHolder(holder)
    for (let i = 0; i < 4; i++) await store.expire()
    assert.equal(store.table.originOf(first), undefined)
    store.windowOf([['host', 'another one, which gets the id']])
    assert.deepEqual(store.write([twin]), [[labels, 1]])
    store.table.addHolder(holder)
  })

  for (const [name, ...added] of [
    ['a text', ['window', '10s']],
    ['a number below zero', ['window', -10]],
    ['two texts of one label', ['window.size', '10s'], ['window_size', '20s']]
  ] satisfies [string, ...Attributes][])
    it(`stay the same when a linked series is received itself, and go with it, if ${name} was added`, async () => {
      const store = new Store()
      const splice = new AttributeSplice(
        added,
        added.map(([key]) => key)
      )
      const id = store.windowOf(
        [
          ['host', 'x'.repeat(300)],
          ['status', 200]
        ],
        splice
      )!
      const before = store.write([id])
      assert.notEqual(store.table.baseOf(id), id)
      const { view, start, end } = store.table.keyOf(id)
      const own = new DataView(Uint8Array.from(Buffer.from(view.buffer, start, end - start)).buffer)
      const context = store.table.contextOf(METRIC, NO_RESOURCE, NO_SCOPE)
      assert.equal(store.table.receiveKey(context, own, 0, end - start), id)
      assert.equal(store.table.baseOf(id), id)
      assert.deepEqual(store.write([id]), before)
      for (let i = 0; i < 3; i++) await store.expire()
      assert.equal(store.table.size, 0)
    })

  it('are those of the series, though it has the id of one of a block that failed', async () => {
    const store = new Store()
    const gone = store.windowOf([['host', 'x']])!
    store.write([gone])
    const twin = store.received(withWindow([['host', 'x']]), TWIN)
    const tooLong = store.received([['bytes', new Uint8Array(3.5 * 2 ** 20)]])
    assert.throws(() => store.write([twin, tooLong]), /bytes of labels, which is too many/)
    for (let i = 0; i < 4; i++) await store.expire()
    const ids = ['y', 'z'].map(host => store.windowOf([['host', host]])!)
    assert.ok(ids.includes(gone))
    assert.deepEqual(
      store.write(ids).map(([labels]) => new Map(JSON.parse(labels)).get('host')),
      ['y', 'z']
    )
  })

  it('take less than a third of their bytes', () => {
    const store = new Store()
    const ids = Array.from(
      { length: SERIES / 4 },
      (_, i): Attributes => [
        ['host', `host-${i % 100}.region-1.example.com`],
        ['request', `4bf92f3577b34da6a3ce929d0e0e${i}`],
        ['status', 200 + (i % 3)]
      ]
    ).flatMap(attributes =>
      [METRIC, { ...METRIC, name: 'errors' }].flatMap(metric =>
        [WINDOW, MINUTE].map(splice => store.windowOf(attributes, splice, metric)!)
      )
    )
    const written = store.write(ids)
    assert.equal(new Set(written.map(([labels]) => labels)).size, SERIES)
    const writer = new ProtobufWriter()
    store.sets.write(store.sets.idOf(JSON.parse(written[0][0])), writer)
    const bytes = store.sets.bytes / SERIES
    assert.ok(bytes < writer.length / 3, `${bytes} bytes of ${writer.length}`)
  })

  it('are kept if those that all series have are long: a recipe for each metric would have them again', () => {
    const store = new Store(STRATEGIES[0], { long: 'x'.repeat(8192) })
    const write = (metrics: number) =>
      store.write(Array.from({ length: metrics }, (_, i) => store.table.idOf({ ...METRIC, name: `metric_${i}` }, [])))
    write(1)
    const few = store.sets.bytes
    write(METRICS)
    assert.ok(store.sets.bytes < few + METRICS * LEFT_BYTES, `${store.sets.bytes} bytes, and ${few} before`)
  })

  it('go with their series', async () => {
    const store = new Store()
    store.write(Array.from({ length: SERIES }, (_, i) => store.windowOf([['host', `${i}`]])!))
    for (let i = 0; i < 3; i++) await store.expire()
    assert.equal(store.table.size, 0)
    const again = store.write([store.windowOf([['host', '1']])!])
    assert.equal(again.length, 1)
  })

  it('leave nothing behind of a metric whose series have gone, whether they could be composed or not', async () => {
    const store = new Store()
    const write = (metrics: number, round: number) => {
      const ids = Array.from({ length: metrics }, (_, i) =>
        store.table.idOf({ ...METRIC, name: `metric_${round}_${i}` }, [['number', i % 2 === 0 ? i : -i]])
      )
      assert.equal(new Set(store.write(ids).map(([labels]) => labels)).size, metrics)
    }
    write(2, 0)
    const few = store.sets.bytes
    for (let round = 1; round < 3; round++) {
      write(METRICS, round)
      await store.expireAll()
    }
    assert.ok(store.sets.bytes < few + METRICS * LEFT_BYTES, `${store.sets.bytes} bytes, and ${few} before`)
  })

  it('leave nothing behind of series that got other label sets meanwhile', async () => {
    const store = new Store()
    store.write([store.table.idOf(METRIC, []), store.received([['host', 'x']], TWIN)])
    const few = store.sets.bytes
    const ids = Array.from({ length: METRICS }, (_, i) => store.table.idOf({ ...METRIC, name: `metric_${i}` }, []))
    const before = store.write(ids)
    store.write(ids.map((_, i) => store.received([], { ...TWIN, name: `metric_${i}` })))
    const holder = { holdIds: (hold: (id: number) => void) => ids.forEach(hold) }
    store.table.addHolder(holder)
    store.renew()
    for (let i = 0; i < 4; i++) await store.expire()
    assert.equal(store.table.size, METRICS)
    assert.deepEqual(store.write(ids), before)
    ids.length = 0
    await store.expireAll()
    assert.ok(store.sets.bytes < few + METRICS * LEFT_BYTES, `${store.sets.bytes} bytes, and ${few} before`)
    store.table.addHolder(holder)
  })
})
