import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Attributes, sortAttributes, withAttributes } from '../../../core/model/attributes.ts'

const ATTRIBUTES = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), fc.integer()))
  .map(pairs => sortAttributes(pairs) as Attributes)

test('attributes with more are those of both, sorted, and of equal keys the latter', () => {
  fc.assert(
    fc.property(ATTRIBUTES, ATTRIBUTES, (some, more) => {
      assert.deepEqual(withAttributes(some, more), sortAttributes([...some, ...more]))
    })
  )
})

test('attributes with nothing more are the same object', () => {
  const some: Attributes = [['a', 1]]
  assert.equal(withAttributes(some, []), some)
})
