import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolve } from '../../../web/ui/time-range.ts'

const NOW = 1_700_000_000

for (const [from, to, want] of [
  ['now-15m', 'now', { from: NOW - 900, to: NOW }],
  ['1600000000', 'now-1d', { from: 1_600_000_000, to: NOW - 86_400 }],
  ['now', 'now-1h', undefined],
  ['soon', 'now', undefined],
  // The page once showed NaN for times that are no dates.
  ['now-99999999999d', 'now', undefined],
  ['0', '1e15', undefined]
] as const)
  test(`the range from ${from} to ${to}`, () => assert.deepEqual(resolve({ from, to }, NOW), want))
