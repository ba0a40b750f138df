import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { type Attributes, sortAttributes } from '../../../../core/model/attributes.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import { hashKey } from '../../../../core/model/series-table/key-hash.ts'
import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { type Series, SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { collectGarbage } from '../../../garbage.ts'
import { CheckedTable, type Identity, type Keeper } from './checked-table.ts'
import { expireIdle } from './idle-series.ts'

/** Those of a page of columns. */
const SERIES = 65_536
const CONTEXTS = 5000

const metric = (
  name: string,
  kind: Metric['kind'] = 'counter',
  temporality: Metric['temporality'] = 'delta'
): Metric => ({
  name,
  unit: '',
  description: '',
  kind,
  temporality
})
const METRICS = [metric('a'), metric('b'), metric('a', 'counter', 'cumulative'), metric('a', 'histogram')]
const RESERVED = ['window', 'late']
const ADDED: readonly Attributes[] = [
  [],
  [['window', '10s']],
  [['window', '1m']],
  [
    ['late', 'true'],
    ['window', '10s']
  ]
]
const OWN: readonly Attributes[] = [
  [],
  ...['1', '2', '3'].map((host): Attributes => [['host', host]]),
  [
    ['a', 'x'],
    ['zone', 'eu']
  ],
  [['window', '10s']],
  [['ä', 'not ASCII']]
]

const hostOf = (i: number): Attributes => [
  ['host', `host-${i}`],
  ['http.route', `/api/v1/items/${i % 40}`],
  ['service.instance.id', `checkout-7c9f-${i % 1000}`]
]

const WINDOW_OF_ONE = sortAttributes([...hostOf(1), ['window', '10s']])

/** Runs expiries. Nobody has blocks of the epochs before. */
async function runUntil(table: SeriesTable, epoch: number): Promise<void> {
  while (table.lease.epoch < epoch) {
    runThrough(table.expireIdle(1))
    await setImmediate()
    collectGarbage()
  }
}

type Operation = (checked: CheckedTable) => void | Promise<void>

const operationOf = <T>(arbitrary: fc.Arbitrary<T>, run: (checked: CheckedTable, value: T) => void | Promise<void>) =>
  arbitrary.map(
    (value): Operation =>
      checked =>
        run(checked, value)
  )

const metrics = fc.constantFrom(...METRICS)
const identities = fc
  .tuple(metrics, fc.constantFrom(...OWN), fc.constantFrom([], ...ADDED))
  .map(([name, attributes, added]): Identity => [name, sortAttributes([...attributes, ...added])])
const derived = fc.tuple(fc.nat(), metrics, fc.nat(ADDED.length - 1))
const keepers = fc.constantFrom<Keeper>('holder', 'object', 'block')
const oneIn = fc.integer({ min: 1, max: 4 })
const operation: fc.Arbitrary<Operation> = fc.oneof(
  operationOf(keepers, (checked, keeper) => checked.keepBy(keeper)),
  operationOf(identities, (checked, identity) => checked.intern(identity)),
  operationOf(identities, (checked, identity) => checked.receive(identity)),
  operationOf(fc.array(identities, { maxLength: 5 }), (checked, all) => checked.receiveAll(all)),
  operationOf(fc.nat(), (checked, one) => checked.spell(one)),
  operationOf(fc.nat(), (checked, one) => checked.restore(one)),
  operationOf(derived, (checked, [one, name, added]) => checked.derive(one, name, added)),
  operationOf(derived, (checked, [one, name, added]) => checked.derive(one, name, added)),
  operationOf(fc.nat(), (checked, one) => checked.handOn(one)),
  operationOf(fc.nat(), (checked, one) => checked.handOn(one)),
  operationOf(oneIn, (checked, each) => checked.release(each)),
  operationOf(fc.integer({ min: 1, max: 40 }), (checked, steps) => checked.step(steps)),
  operationOf(fc.integer({ min: 1, max: 40 }), (checked, steps) => checked.step(steps)),
  operationOf(fc.constant(0), checked => checked.findAll()),
  operationOf(fc.constant(0), checked => checked.expire())
)

describe('linked keys', () => {
  for (const [name, hash] of [
    ['the hash', hashKey],
    ['a hash by which all keys collide', () => 7]
  ] as const)
    it(`have one id for each identity, whichever way it was found first, with ${name}`, async () => {
      let removed = 0
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async operations => {
          const checked = new CheckedTable(hash, ADDED)
          // More than one step of an expiry looks at.
          for (let i = 0; i < 20; i++) checked.receive([METRICS[0], hostOf(i)])
          for (let i = 0; i < 20; i++) checked.derive(i, METRICS[2], 1 + (i % 2))
          for (const one of operations) {
            const { size } = checked.table
            await one(checked)
            removed += Math.max(0, size - checked.table.size)
            checked.checkAll()
          }
          checked.findAll()
        }),
        { numRuns: 30 }
      )
      assert.ok(removed > 30, `${removed} series went`)
    })

  it('take less memory than keys in parts', () => {
    const bytesWith = (derive: (table: SeriesTable, id: number, i: number) => void) => {
      const table = new SeriesTable()
      const context = table.contextOf(METRICS[0], NO_RESOURCE, NO_SCOPE)
      const ids = Array.from({ length: SERIES }, (_, i) => table.receive(context, hostOf(i)))
      const { bytes } = table
      for (const [i, id] of ids.entries()) derive(table, id, i)
      return (table.bytes - bytes) / SERIES
    }
    const splice = new AttributeSplice([['window', '10s']], RESERVED)
    const linked = bytesWith((table, id) => {
      table.idWith(id, table.contextOf(METRICS[2], NO_RESOURCE, NO_SCOPE), splice)
    })
    const inParts = bytesWith((table, _, i) => {
      table.idOf(METRICS[2], sortAttributes([...hostOf(i), ['window', '10s']]))
    })
    assert.ok(linked < 36, `${linked} bytes`)
    assert.ok(linked < inParts / 2, `${linked} and ${inParts} bytes`)
  })

  it('of one series in thousands of contexts, and of thousands in one, are kept otherwise and told apart', () => {
    const table = new SeriesTable()
    const splice = new AttributeSplice([], [])
    const one = table.idOf(METRICS[0], hostOf(1))
    const contextOf = (name: string) => table.contextOf(metric(name), NO_RESOURCE, NO_SCOPE)
    const idsOf = (i: number) => [
      table.idWith(one, contextOf(`to ${i}`), splice)!,
      table.idWith(table.idOf(metric(`from ${i}`), hostOf(i)), contextOf('to one'), splice)!
    ]
    const ids = Array.from({ length: CONTEXTS }, (_, i) => idsOf(i))
    assert.equal(new Set(ids.flat()).size, CONTEXTS * 2)
    for (const [i, known] of ids.entries()) {
      assert.deepEqual(idsOf(i), known)
      assert.equal(table.idOf(metric(`to ${i}`), hostOf(1)), known[0])
      assert.equal(table.idOf(metric('to one'), hostOf(i)), known[1])
    }
  })

  it('are not those of a series that gets the id of another one while linked ones are still being removed', async () => {
    const table = new SeriesTable()
    const splice = new AttributeSplice([['window', '10s']], RESERVED)
    const context = table.contextOf(METRICS[2], NO_RESOURCE, NO_SCOPE)
    const ids = Array.from({ length: 100 }, (_, i) => table.idOf(METRICS[0], hostOf(i)))
    const holder = { holdIds: (hold: (id: number) => void) => ids.slice(1).forEach(hold) }
    table.addHolder(holder)
    const facts = table.idColumn()
    facts.set(table.idWith(ids[0], context, splice)!, 1)
    // Until nobody has a lease of the epoch in which they were found.
    while (table.hasOldBlocks || table.lease.epoch < 4) {
      runThrough(table.expireIdle(100))
      await setImmediate()
      collectGarbage()
    }
    const steps = table.expireIdle(1)
    while (table.originOf(ids[0]) !== undefined) assert.equal(steps.next().done, false)
    assert.equal(table.idOf(METRICS[0], hostOf(200)), ids[0], 'the id is used again')
    const derived = table.idWith(ids[0], context, splice)!
    assert.equal(facts.get(derived), 0, 'what is known of the series that goes is not told of the new one')
    for (const _ of steps);
    assert.deepEqual(table.read(derived).attributes, sortAttributes([...hostOf(200), ['window', '10s']]))
    assert.equal(table.idWith(ids[0], context, splice), derived)
    assert.equal(table.size, 101)
    assert.ok(holder)
  })

  it('are kept as they come once they are received', async () => {
    const table = new SeriesTable()
    const splice = new AttributeSplice([['window', '10s']], RESERVED)
    const context = table.contextOf(METRICS[2], NO_RESOURCE, NO_SCOPE)
    const id = table.idWith(table.idOf(METRICS[0], hostOf(1)), context, splice)!
    const { view, start, end } = table.keyOf(id)
    const bytes = new DataView(view.buffer.slice(start, end))
    assert.equal(table.find(context, bytes, 0, bytes.byteLength), UNKNOWN)
    assert.equal(table.receiveKey(context, bytes, 0, bytes.byteLength), id)
    assert.equal(table.find(context, bytes, 0, bytes.byteLength), id)
    const holder = { holdIds: (hold: (id: number) => void) => hold(id) }
    table.addHolder(holder)
    await expireIdle(table)
    assert.equal(table.size, 1, 'the other series may go')
    assert.deepEqual(table.read(id).attributes, sortAttributes([...hostOf(1), ['window', '10s']]))
    assert.ok(holder)
  })

  it('stay while somebody has a series that is linked to them', async () => {
    const table = new SeriesTable()
    const splice = new AttributeSplice([['window', '10s']], RESERVED)
    const context = table.contextOf(METRICS[2], NO_RESOURCE, NO_SCOPE)
    let series: Series | undefined = table.at(table.idWith(table.idOf(METRICS[0], hostOf(1)), context, splice)!)
    await expireIdle(table)
    assert.equal(table.size, 2)
    assert.deepEqual(series.attributes, sortAttributes([...hostOf(1), ['window', '10s']]))
    series = undefined
    await expireIdle(table)
    assert.equal(table.size, 0)
  })

  for (const [way, find] of [
    ['made', (table, base, context, splice) => table.idWith(base, context, splice)!],
    ['looked for', (table, _, context) => table.idIn(context, WINDOW_OF_ONE)]
  ] satisfies [string, (table: SeriesTable, base: number, context: number, splice: AttributeSplice) => number][])
    it(`stay if they are ${way} again while idle series are being removed`, async () => {
      const table = new SeriesTable()
      const splice = new AttributeSplice([['window', '10s']], RESERVED)
      const context = table.contextOf(METRICS[2], NO_RESOURCE, NO_SCOPE)
      // An expiry has looked at them after its first step.
      const others = Array.from({ length: 31 }, (_, i) => table.intern(METRICS[0], hostOf(i)))
      table.idWith(others[1].id, context, splice)
      await runUntil(table, 2)
      const steps = table.expireIdle(1)
      assert.equal(steps.next().done, false)
      const id = find(table, others[1].id, context, splice)
      for (const _ of steps);
      assert.equal(table.size, others.length + 1)
      assert.deepEqual(table.read(id).attributes, WINDOW_OF_ONE)
    })

  // A series that somebody has as an object is held in every second epoch.
  for (const epochs of [4, 5])
    it(`keep those that were let go while idle series were being removed, in epoch ${epochs}`, async () => {
      const table = new SeriesTable()
      const splice = new AttributeSplice([['window', '10s']], RESERVED)
      // An expiry has looked at them after two steps.
      const others = Array.from({ length: 32 }, (_, i) => table.intern(METRICS[1], hostOf(i)))
      let base: Series | undefined = table.intern(METRICS[0], hostOf(1))
      await runUntil(table, epochs)
      const steps = table.expireIdle(1)
      for (let i = 0; i < 2; i++) assert.equal(steps.next().done, false)
      const id = table.idWith(base.id, table.contextOf(METRICS[2], NO_RESOURCE, NO_SCOPE), splice)!
      base = undefined
      await setImmediate()
      collectGarbage()
      for (const _ of steps);
      assert.deepEqual(table.read(id).attributes, sortAttributes([...hostOf(1), ['window', '10s']]))
      assert.equal(table.size, others.length + 2)
    })
})
