import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { incompatibilities } from '../../../core/schema/compatibility.ts'

const closed = (properties: object, more = {}) => ({ type: 'object', additionalProperties: false, properties, ...more })

test('changes and what they break', () => {
  const text = { type: 'string' }
  const cases: [before: unknown, after: unknown, want: string[]][] = [
    [text, { type: 'string', description: 'Other words.' }, []],
    [text, { type: ['string', 'number'] }, []],
    [{ type: 'integer' }, { type: 'number' }, []],
    [{ type: 'number' }, { type: 'integer' }, ['/type: number is no longer taken']],
    [{}, text, ['/type: was any, is "string"']],
    [text, true, []],
    [text, false, ['/: fits fewer values']],
    [false, text, []],
    [{ enum: ['a'] }, { enum: ['a', 'b'] }, []],
    [{ enum: ['a', 'b'] }, { enum: ['a'] }, ['/enum: "b" is no longer taken']],
    [text, { ...text, enum: ['a'] }, ['/enum: was any value, is a list']],
    [{ minimum: 1 }, { minimum: 0 }, []],
    [{ minimum: 1 }, { minimum: 2 }, ['/minimum: was 1, is 2']],
    [{}, { maxLength: 9 }, ['/maxLength: was not there, is 9']],
    [{ maxLength: 9 }, { maxLength: 10 }, []],
    [{ required: ['a'] }, { required: ['b'] }, ['/required: b was not required']],
    [closed({ a: text }), closed({ a: text, b: text }), []],
    [closed({ a: text, b: text }), closed({ a: text }), ['/properties/b: fits fewer values']],
    [{ properties: {} }, { properties: { b: text } }, ['/properties/b/type: was any, is "string"']],
    [{}, { additionalProperties: false }, ['/additionalProperties: fits fewer values']],
    [{ items: text }, { items: { type: 'number' } }, ['/items/type: string is no longer taken']],
    [{ pattern: 'a' }, { pattern: 'b' }, ['/pattern: is another; this cannot be compared']],
    [{ pattern: 'a' }, {}, []],
    [{ patternProperties: { a: {} } }, {}, ['/patternProperties: is another; this cannot be compared']]
  ]
  for (const [before, after, want] of cases)
    assert.deepEqual(incompatibilities(before, after), want, `${JSON.stringify(before)} → ${JSON.stringify(after)}`)
})

const LIMIT = fc.integer({ min: -2, max: 4 })
const SIZE = fc.integer({ min: 0, max: 3 })
const { schema: SCHEMA } = fc.letrec(tie => ({
  schema: fc.oneof(
    { maxDepth: 2 },
    fc.boolean(),
    fc.record(
      {
        type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'object', ['array', 'string']),
        enum: fc.uniqueArray(fc.constantFrom(1, 2, 'a', 'b', true), { minLength: 1 }),
        minimum: LIMIT,
        exclusiveMaximum: LIMIT,
        minLength: SIZE,
        maxItems: SIZE,
        required: fc.uniqueArray(fc.constantFrom('a', 'b')),
        properties: fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'), { maxKeys: 2 }),
        additionalProperties: tie('schema'),
        items: tie('schema')
      },
      { requiredKeys: [] }
    )
  )
}))
const LEAF = fc.constantFrom<unknown>(-1, 0, 1.5, 2, 'a', 'bbb', true, null)
const VALUE = fc.oneof(
  LEAF,
  fc.array(LEAF, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(LEAF, fc.array(LEAF, { maxLength: 2 })), { maxKeys: 3 })
)

test('what fits a schema fits a compatible one', () => {
  const ajv = new Ajv({ strict: false })
  let compatible = 0
  fc.assert(
    fc.property(SCHEMA, SCHEMA, fc.array(VALUE, { minLength: 5, maxLength: 20 }), (before, after, values) => {
      if (incompatibilities(before, after).length > 0) return
      compatible++
      const [old, changed] = [ajv.compile(before as object), ajv.compile(after as object)]
      for (const value of values)
        if (old(value)) assert.ok(changed(value), `${JSON.stringify(value)} fits ${JSON.stringify(before)} only`)
    }),
    { numRuns: 2000 }
  )
  assert.ok(compatible > 100, `only ${compatible} were compatible`)
})
