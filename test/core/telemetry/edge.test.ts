import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Block } from '../../../core/model/block.ts'
import { Edge } from '../../../core/telemetry/edge.ts'

const NOW = 1_700_000_000_000

const events = (...times: number[]): Block => ({
  type: 'events',
  length: times.length,
  time: Float64Array.from(times),
  name: times.map(() => 'signup'),
  id: times.map(() => undefined),
  attributes: times.map(() => []),
  value: new Float64Array(times.length).fill(1)
})

test('an edge knows the newest time of its items', () => {
  const edge = new Edge()
  assert.equal(edge.newest, 0)
  edge.timed(events(NOW - 5, NOW - 2, NOW - 9), NOW)
  assert.equal(edge.newest, NOW - 2)
  edge.timed(events(NOW - 100), NOW)
  assert.equal(edge.newest, NOW - 2, 'late items')
  edge.timed(events(NOW + 1, NOW - 1), NOW)
  assert.equal(edge.newest, NOW - 1, 'items ahead of the clock')
})

test('an edge shows blocks to those who watch, until they end it or it ends', () => {
  const edge = new Edge()
  const seen: string[] = []
  const watch = (name: string) =>
    edge.watch({ passed: ({ length }) => seen.push(`${name} ${length}`), ended: () => seen.push(`${name} ended`) })
  edge.pass(events(NOW))
  const leave = watch('a')
  watch('b')
  edge.pass(events(NOW, NOW))
  leave()
  edge.pass(events(NOW))
  edge.end()
  edge.end()
  edge.pass(events(NOW))
  assert.deepEqual(seen, ['a 2', 'b 2', 'b 1', 'b ended'])
})
