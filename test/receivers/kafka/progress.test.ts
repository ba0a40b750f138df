import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProgress, parseProgress } from '../../../receivers/kafka/progress.ts'

const PROGRESS = { state: { id: 'ab', first: '12', count: 3 }, ticks: [[5, 1000] as const] }

test('progress is the text beside an offset', () => {
  assert.deepEqual(parseProgress(formatProgress(PROGRESS)), PROGRESS)
  assert.deepEqual(parseProgress(formatProgress({ state: undefined, ticks: [] })), { state: undefined, ticks: [] })
})

test('an offset that another tool has committed has none', () => {
  for (const text of [null, undefined, '', 'moved by hand', '{}', '[]', 'null'])
    assert.equal(parseProgress(text), undefined, String(text))
})

test('one of a newer version is refused', () => {
  assert.throws(() => parseProgress('{"v":2}'), /newer version/)
})
