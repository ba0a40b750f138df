import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Attributes, type AttributeValue, sortAttributes } from '../../../../core/model/attributes.ts'
import { DEFAULT_LIMITS } from '../../../../core/model/item-limits.ts'
import {
  AttributeWriter,
  attributesField,
  attributesOf,
  PlainAttributes
} from '../../../../core/model/series-table/attribute-bytes.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import type { KeyBytes } from '../../../../core/model/series-table/key-records.ts'
import { attribute } from '../../wire/protobuf/fields.ts'

const NAME = fc.oneof(
  fc.constantFrom('a', 'ab', 'b', 'window', 'z', 'é', '\u{10000}', '\uffff', 'x'.repeat(200)),
  fc.string({ maxLength: 5 })
)
const SCALAR: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 9 }),
  fc.constantFrom<AttributeValue>('', 'x'.repeat(127), 'x'.repeat(128), 'é'.repeat(100)),
  fc.double(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 5 })
)
const VALUE = fc.oneof(
  SCALAR,
  fc.array(SCALAR, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('k', 'l', 'm'), SCALAR)
)
const ATTRIBUTES = fc.array(fc.tuple(NAME, VALUE), { maxLength: 6 }).map(sortAttributes)

const bytesOf = (attributes: Attributes, kind: 'counter' | 'histogram' = 'counter') =>
  Buffer.from(new AttributeWriter().write(attributes, kind))

/** As they come back: integers that a number can hold are numbers, both zeros are one. */
const plain = (value: AttributeValue): unknown => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (typeof value === 'number') return value + 0
  if (value instanceof Uint8Array || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}

describe('attributes as bytes', () => {
  it('come back as they were, and the same attributes are the same bytes', () => {
    fc.assert(
      fc.property(ATTRIBUTES, attributes => {
        const bytes = bytesOf(attributes)
        const back = attributesOf(bytes, 0, bytes.length, 'counter')
        assert.deepEqual(
          back,
          attributes.map(([name, value]) => [name, plain(value)])
        )
        assert.deepEqual(bytesOf(back), bytes)
      }),
      { numRuns: 1000 }
    )
  })

  it('are as an SDK writes them, for texts', () => {
    const bytes = Buffer.concat([attribute(7, 'http.method', 'GET'), attribute(7, 'http.route', '/'.repeat(300))])
    assert.deepEqual(
      bytesOf([
        ['http.method', 'GET'],
        ['http.route', '/'.repeat(300)]
      ]),
      bytes
    )
  })
})

describe('plain attributes', () => {
  const measure = (bytes: Buffer, limits = DEFAULT_LIMITS) =>
    new PlainAttributes().measure(bytes, 0, bytes.length, attributesField('counter') * 8 + 2, limits)

  it('are surely canonical, and as long as said', () => {
    fc.assert(
      fc.property(ATTRIBUTES, fc.boolean(), (attributes, isShuffled) => {
        const given = isShuffled ? [...attributes].reverse() : attributes
        const bytes = bytesOf(given)
        const length = measure(bytes)
        if (length === undefined) return
        assert.deepEqual(bytesOf(sortAttributes(given)), bytes)
        assert.equal(
          length,
          given.reduce((sum, [name, value]) => sum + name.length + (value as string).length, 0)
        )
      }),
      { numRuns: 1000 }
    )
  })

  const [a, b] = [attribute(7, 'a', '1'), attribute(7, 'b', '2')]
  for (const [name, bytes, want] of [
    ['texts in order', Buffer.concat([a, b]), 4],
    ['none', Buffer.alloc(0), 0],
    ['another order', Buffer.concat([b, a]), undefined],
    ['one name twice', Buffer.concat([a, a]), undefined],
    ['another field', attribute(9, 'a', '1'), undefined],
    ['a number', bytesOf([['a', 1]]), undefined],
    ['no ASCII', bytesOf([['a', 'é']]), undefined],
    ['no name', bytesOf([['', 'x']]), undefined],
    ['a length longer than it need be', Buffer.from([0x3a, 0x88, 0, 0x0a, 1, 97, 0x12, 3, 0x0a, 1, 98]), undefined]
  ] as const)
    it(`${name}: ${want}`, () => assert.equal(measure(bytes as Buffer), want))

  it('cut off at any byte are not plain, but for whole attributes', () => {
    const bytes = Buffer.concat([a, b])
    for (let end = 1; end < bytes.length; end++)
      assert.equal(measure(bytes.subarray(0, end)), end === a.length ? 2 : undefined, `${end}`)
  })

  it('beyond the limits are for the decoder, which says what is wrong', () => {
    const bytes = bytesOf([
      ['name', 'value'],
      ['name2', 'v']
    ])
    assert.equal(measure(bytes, { ...DEFAULT_LIMITS, max_attributes: 1 }), undefined)
    assert.equal(measure(bytes, { ...DEFAULT_LIMITS, max_name_length: 4 }), undefined)
    assert.equal(measure(bytes, { ...DEFAULT_LIMITS, max_value_length: 4 }), undefined)
    assert.equal(measure(bytes), 15)
  })
})

const bytesIn = ({ view, start, end }: KeyBytes) =>
  Buffer.from(new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start, end - start))

describe('spliced attributes', () => {
  it('are what decoded ones would be, with those that are added', () => {
    const added = fc.subarray<[string, string]>([
      ['b', 'added'],
      ['window', '10s'],
      ['zz', 'x'.repeat(150)]
    ])
    fc.assert(
      fc.property(ATTRIBUTES, added, fc.constantFrom('counter', 'histogram'), (attributes, more, kind) => {
        const reserved = ['window', 'late', ...more.map(([name]) => name)]
        const bytes = bytesOf(attributes)
        const key = {
          parent: 0,
          view: new DataView(bytes.buffer, bytes.byteOffset),
          start: 0,
          end: bytes.length
        }
        const splice = new AttributeSplice(more, reserved)
        const joined = splice.join(key, kind as 'counter' | 'histogram')
        const names = attributes.map(([name]) => name)
        const isSimple = names.every(name => /^[\0-\x7f]*$/.test(name) && !reserved.includes(name))
        assert.equal(joined !== undefined, isSimple)
        if (joined === undefined) return
        const want = bytesOf(sortAttributes([...attributes, ...more]), kind as 'counter' | 'histogram')
        assert.deepEqual(bytesIn(joined), want)
        assert.deepEqual(bytesIn(splice.without(joined, 'counter')!), bytes)
      }),
      { numRuns: 1000 }
    )
  })

  it('may not have a name that others may have, too', () => {
    assert.throws(() => new AttributeSplice([['window', '10s']], ['late']), {
      name: 'RangeError',
      message: 'the attribute window is added, so its name must be reserved, too'
    })
  })

  it('are told from those that are not', () => {
    const splice = new AttributeSplice([['window', '10s']], ['window', 'late'])
    const cases: [keys: Attributes, isSpliced: boolean][] = [
      [[['window', '10s']], true],
      [[], false],
      [[['window', '1m']], false],
      [
        [
          ['host', 'a'],
          ['window', '10s'],
          ['zone', 'b']
        ],
        true
      ],
      [
        [
          ['window', '10s'],
          ['host', 'a']
        ],
        false
      ],
      [
        [
          ['zone', 'b'],
          ['window', '10s']
        ],
        false
      ],
      [
        [
          ['window', '10s'],
          ['window', '10s']
        ],
        false
      ],
      [
        [
          ['late', 'true'],
          ['window', '10s']
        ],
        false
      ],
      [
        [
          ['ä', 'a'],
          ['window', '10s']
        ],
        false
      ]
    ]
    for (const [attributes, isSpliced] of cases) {
      const bytes = bytesOf(attributes)
      const key = { parent: 0, view: new DataView(bytes.buffer, bytes.byteOffset), start: 0, end: bytes.length }
      assert.equal(splice.without(key, 'counter') !== undefined, isSpliced, JSON.stringify(attributes))
    }
  })
})
