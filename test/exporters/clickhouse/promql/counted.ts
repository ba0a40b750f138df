import assert from 'node:assert/strict'
import type { Exporter } from '../../../../sdk/plugin/index.ts'
import { signal } from '../harness.ts'
import { T } from '../samples.ts'
import { ask, flat } from './store-evaluation.ts'
import { LIMITS, matchers, storeOf } from './store-harness.ts'

const NO_REMARKS = { info() {}, warn() {} }

/** Asserts that PromQL sees `counterBlock(…, 30, 3)` once: three routes, 0 to 29 in turn, one a second each. */
export async function assertPromQl(exporter: Pick<Exporter, 'queryable'>): Promise<void> {
  const store = await storeOf(exporter)
  const range = { after: T - 1, until: T + 9000, stepMs: 0, rangeMs: 300_000, func: undefined, limits: LIMITS }
  const request = { ...range, matchers: matchers('__name__=http_requests', 'route=/r1') }
  const [{ labels, values }] = await store.select(request, NO_REMARKS, signal())
  assert.deepEqual(labels.toJSON(), { __name__: 'http_requests', route: '/r1', window: '10s' })
  assert.deepEqual(
    [...values],
    Array.from({ length: 10 }, (_, i) => 1 + 3 * i)
  )
  const at = { start: T + 9000, end: T + 9000, stepMs: 0 }
  for (const [query, want] of [
    ['sum(sum_over_time(http_requests[10s]))', 435],
    ['sum(last_over_time(http_requests[10s]))', 27 + 28 + 29],
    ['sum by (window) (http_requests)', 27 + 28 + 29]
  ] as const) {
    const { result, computed } = await ask(store, query, at, true)
    assert.equal(computed, 1, query)
    assert.deepEqual([...flat(result, T).values()], [want], query)
  }
}
