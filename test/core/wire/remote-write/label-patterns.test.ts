import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Attributes, AttributeValue } from '../../../../core/model/attributes.ts'
import { METRIC, STRATEGIES, Store, TWIN, withWindow } from './label-store.ts'

/** The labels of a series, received by a store of its own. */
function labelsOf(attributes: Attributes, strategy = STRATEGIES[0]): string {
  const alone = new Store(strategy)
  return alone.write([alone.received(withWindow(attributes))])[0][0]
}

const textOf = (id: number, store: Store) => store.write([id])[0][0]

/** A way to have series with the labels that {@link labelsOf} gives. Those of received ones follow the second one's pattern. */
const MADE = {
  derived: (store: Store, attributes: Attributes) => store.windowOf(attributes)!,
  received: (store: Store, attributes: Attributes) => store.received(withWindow(attributes))
} as const
const PLACES = ['first', 'second'] as const

for (const [way, make] of Object.entries(MADE))
  describe(`labels of a ${way} series by the pattern of an earlier one`, () => {
    it('need no attributes to be decoded', t => {
      const store = new Store()
      for (const place of PLACES) store.write([make(store, [['host', place]])])
      const id = make(store, [['host', 'third']])
      const reads = t.mock.method(store.table, 'read').mock
      assert.equal(textOf(id, store), labelsOf([['host', 'third']]))
      assert.equal(reads.callCount(), 0)
    })

    it('are those that rules give, whatever the values', () => {
      const values: AttributeValue[] = [
        'x',
        'é€',
        '',
        0,
        7,
        -3,
        1.5,
        2 ** 53,
        2n ** 60n,
        true,
        null,
        [1, 2],
        'z'.repeat(300)
      ]
      for (const firsts of [
        ['y', 'y2'],
        [1, 2],
        ['', 'y'],
        [1.5, -1]
      ] satisfies AttributeValue[][]) {
        const store = new Store()
        for (const first of firsts) store.write([make(store, [['host', first]])])
        for (const value of values) {
          const id = make(store, [['host', value]])
          assert.equal(textOf(id, store), labelsOf([['host', value]]), `${String(value)} after ${firsts}`)
        }
      }
    })

    it('are not taken for series with other attributes', () => {
      const others: Attributes[] = [
        [['host', 'x']],
        [
          ['hosu', 'x'],
          ['zone', 'y']
        ],
        [
          ['hosts', 'x'],
          ['zone', 'y']
        ],
        [
          ['hos', 'x'],
          ['zone', 'y']
        ],
        [
          ['host', 'x'],
          ['zone', 'y'],
          ['zone2', 'z']
        ],
        []
      ]
      for (const attributes of others) {
        const store = new Store()
        for (const place of PLACES)
          store.write([
            make(store, [
              ['host', place],
              ['zone', place]
            ])
          ])
        assert.equal(textOf(make(store, attributes), store), labelsOf(attributes))
      }
    })
  })

describe('labels by the pattern of an earlier series', () => {
  it('are not taken if an attribute had the value of a label that stands in its place by chance', () => {
    const store = new Store('NoTranslation')
    store.write([store.windowOf([['__name__', METRIC.name]])!])
    const id = store.windowOf([['__name__', 'another']])!
    assert.equal(textOf(id, store), labelsOf([['__name__', 'another']], 'NoTranslation'))
  })

  it('are one label set with equal ones that another series has', () => {
    const store = new Store()
    store.write([store.windowOf([['host', 'first']])!])
    const [text, number] = [store.windowOf([['host', '5']])!, store.windowOf([['host', 5]])!]
    assert.notEqual(text, number)
    assert.deepEqual(store.write([text, number]), [[labelsOf([['host', 5]]), 2]])
    const twin = store.received(withWindow([['host', 'x']]), TWIN)
    store.write([twin])
    const own = store.windowOf([['host', 'x']])!
    assert.deepEqual(store.write([twin, own]), [[labelsOf([['host', 'x']]), 2]])
    // The other way round: the label set of a window that is composed becomes one that is kept.
    const window = store.windowOf([['host', 'z']])!
    store.write([window])
    store.write([store.received(withWindow([['host', 'x2']]), TWIN)])
    const like = store.received(withWindow([['host', 'z']]), TWIN)
    assert.deepEqual(store.write([like, window]), [[labelsOf([['host', 'z']]), 2]])
    assert.deepEqual(store.write([window, like]), [[labelsOf([['host', 'z']]), 2]])
  })

  it('of received series are known for several lists of attributes, of one context at a time', t => {
    const store = new Store()
    const lists = Array.from({ length: 12 }, (_, i): Attributes => [[`a${10 + i}`, 'x']])
    const third = (list: Attributes, metric = METRIC) => store.received([[list[0][0], 'third']], metric)
    for (const list of lists) for (const value of ['x', 'y']) store.write([store.received([[list[0][0], value]])])
    const reads = t.mock.method(store.table, 'read').mock
    for (const list of lists) assert.match(textOf(third(list), store), /third/)
    assert.equal(reads.callCount(), 12 - 8)
    const other = { ...METRIC, name: 'others' }
    assert.match(textOf(third(lists[0], other), store), /others.*third/)
    assert.match(textOf(store.received([['a10', 'fourth']], other), store), /others.*fourth/)
    assert.match(textOf(store.received([['a10', 'fifth']]), store), /requests.*fifth/)
  })

  it('do not follow a pattern that has gone, though its rule has not', async () => {
    const store = new Store()
    const kept = store.windowOf([['host', 'kept']])!
    store.write([store.received(withWindow([['host', 'kept']]), TWIN)])
    store.write([kept])
    store.write([store.windowOf([['host', 'goes']])!])
    const holder = { holdIds: (hold: (id: number) => void) => hold(kept) }
    store.table.addHolder(holder)
    for (let i = 0; i < 4; i++) await store.expire()
    // Another metric's series get what the pattern had.
    const other = { ...METRIC, name: 'others' }
    const first = store.windowOf([['zone', 'z']], undefined, other)!
    assert.match(textOf(first, store), /others/)
    assert.equal(textOf(store.windowOf([['host', 'new']])!, store), labelsOf([['host', 'new']]))
    store.table.addHolder(holder)
  })
})
