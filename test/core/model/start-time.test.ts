import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasKnownStart } from '../../../core/model/start-time.ts'

for (const [name, start, time, want] of [
  ['before its time', 10, 20, true],
  ['at its time', 20, 20, false],
  ['after its time', 30, 20, false],
  ['absent', 0, 20, false]
] as const) {
  test(`the start is ${want ? 'known' : 'not known'}: ${name}`, () => {
    assert.equal(hasKnownStart(start, time), want)
  })
}
