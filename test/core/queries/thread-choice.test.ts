import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ThreadChoice } from '../../../core/queries/thread-choice.ts'

test('questions about one metric go to one thread, and those about the next metric to the next thread', () => {
  const choice = new ThreadChoice(2)
  for (const [text, want] of [
    ['sum by (route) (rate(http_requests_total[5m]))', 0],
    ['queue_size{pod="worker-1"}', 1],
    ['histogram_quantile(0.9, http_requests_total)', 0],
    ['avg_over_time(queue_size[1h])', 1],
    ['rate({"http.server.duration"}[1m])', 0],
    ['sum(http_requests_total) / 2', 0],
    ['1 + 1', 1],
    ['1 + 1', 1],
    ['up{a_very_long_label="b"}', 0],
    ['sum(up) by (a_very_long_label) / on () group_left sum(up)', 0],
    ['up OFFSET 5m', 0]
  ] as const)
    assert.equal(choice.of(text), want, text)
})

test('a choice takes time linear in the text, and memory for some metrics', () => {
  const choice = new ThreadChoice(2)
  const long = `${'"'.repeat(500_000)}${'a'.repeat(500_000)}`
  const begun = performance.now()
  choice.of(long)
  choice.of('by ('.repeat(1000))
  for (let i = 0; i < 10_000; i++) choice.of(`metric_${i}`)
  assert.ok(performance.now() - begun < 2000)
  assert.ok([0, 1].includes(choice.of('metric_0')))
})
