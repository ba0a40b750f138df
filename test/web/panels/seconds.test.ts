import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secondsOf } from '../../../web/panels/seconds.ts'

for (const [text, want] of [
  ['10s', 10],
  ['1m30s', 90],
  ['500ms', 0.5],
  ['1d', 86_400],
  ['', 0],
  ['soon', 0],
  ['1m soon', 0],
  ['-1m', 0]
] as const)
  test(`seconds of "${text}"`, () => assert.equal(secondsOf(text), want))
