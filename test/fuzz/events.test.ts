import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { readEvents } from '../../receivers/http/events.ts'
import { FORMATS, type FormatName } from '../../receivers/http/formats/index.ts'
import { NOW, SECONDS } from './run.ts'

/** A fifth of the time of a file: the formats are small. */
const MS = SECONDS * 200
const KEYS =
  'name value timestamp id attributes type event messageId properties traits context userId batch specversion source time data'

const VALUE = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>('track', 'page', '1.0', '2026-01-31T12:00:00Z', 1.7e12, '', null, 'a')
  },
  fc.jsonValue({ maxDepth: 3 })
)
const EVENT = fc.dictionary(fc.constantFrom(...KEYS.split(' ')), VALUE, { maxKeys: 8 })

it('any JSON becomes events, or is refused with a reason, in every format', () => {
  const body = fc.oneof(fc.array(EVENT, { maxLength: 3 }), EVENT, fc.record({ batch: fc.array(EVENT) }), fc.jsonValue())
  const format = fc.constantFrom(...(Object.keys(FORMATS) as FormatName[]))
  const property = fc.property(format, body, (name, json) => {
    const { block, rejectedTotal, rejected, errors } = readEvents('json', Buffer.from(JSON.stringify(json)), NOW, {
      format: FORMATS[name]
    })
    assert.equal(block.length + rejectedTotal, FORMATS[name].list(json).length)
    assert.equal(
      [...rejected.values()].reduce((sum, items) => sum + items, 0),
      rejectedTotal
    )
    assert.equal(errors.length, Math.min(10, rejectedTotal))
    for (let i = 0; i < block.length; i++) {
      assert.ok(Number.isFinite(block.time[i]) && Number.isFinite(block.value[i]) && block.name[i] !== '')
      const keys = block.attributes[i].map(([key]) => key)
      assert.deepEqual(keys, [...new Set(keys)].sort(), 'attributes are sorted, each once')
    }
  })
  fc.assert(property, { numRuns: 1_000_000_000, interruptAfterTimeLimit: MS })
})
