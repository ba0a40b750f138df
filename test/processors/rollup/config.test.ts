import assert from 'node:assert/strict'
import { test } from 'node:test'
import plugin from '../../../processors/rollup/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

for (const [name, config, want] of [
  ['a sum of gauges', { gauges: ['sum'] }, /gauges\.0: the sum .* depends on how often it is sampled: keep `count`/],
  ['an average of averages', { gauges: ['last', 'avg'] }, /gauges\.1: an average of averages .*keep `sum` and `count`/],
  ['a quantile of quantiles', { gauges: ['p99'] }, /gauges\.0: quantiles of quantiles .*histogram or a timer/],
  ['nobody knows what', { gauges: ['first'] }, /gauges\.0: is not one of count, sum, min, max, last/],
  ['the last of several', { gauges: ['last'], by: ['a'] }, /gauges\.0: of several series .*leave `last` out/],
  ['the last of several, left out', { gauges: ['last'], without: ['a'] }, /gauges\.0: of several series/],
  ['no le', { without: ['instance', 'le'] }, /without\.1: without `le` the buckets .*added to each other/],
  ['no vmrange', { without: ['vmrange'] }, /without `vmrange`/],
  ['no quantile', { without: ['quantile'] }, /without `quantile`/],
  ['by and without', { by: ['a'], without: ['b'] }, /without: `by` says all that is kept/],
  ['no multiple', { tiers: [{ size: '10s' }, { size: '15s' }] }, /tiers\.1\.size: 15s is no multiple of 10s/],
  ['large before small', { tiers: [{ size: '1m' }, { size: '10s' }] }, /10s is no multiple of 1m, the tier before/],
  ['twice', { tiers: [{ size: '1m' }, { size: '1m' }] }, /1m is no multiple of 1m/],
  ['too short', { tiers: [{ size: '50ms' }] }, /tiers\.0\.size: a tier must be at least 100ms/],
  [
    'its own attribute',
    { tiers: [{ size: '1s', attributes: { rollup: 'x' } }] },
    /attributes\.rollup: .*set by rollup/
  ],
  [
    'staler than its tiers',
    { tiers: [{ size: '1m' }, { size: '1h' }], max_stale: '119m' },
    /max_stale: it must be at least 2h, two of the largest windows: raise it/
  ],
  ['the other', { tiers: [{ size: '1s', attributes: { late: 'x' } }] }, /attributes\.late: .*set by rollup/]
] as const) {
  test(`refused: ${name}`, () => assert.throws(() => testConfig(plugin, config), want))
}

for (const [name, config] of [
  ['defaults', {}],
  ['count and sum', { gauges: ['sum', 'count'] }],
  ['by', { by: ['route'] }],
  ['by what buckets are told by', { by: ['le'] }],
  ['gauges and by', { by: ['route'], gauges: ['max'] }],
  ['one tier', { tiers: [{ size: '1h' }] }],
  ['two of the largest', { tiers: [{ size: '1m' }, { size: '1h' }], max_stale: '2h' }]
] as const) {
  test(`fine: ${name}`, () => assert.doesNotThrow(() => testConfig(plugin, config)))
}

test('memory is bounded, by groups, by tiers and by the state of gauges', () => {
  const bound = (config: object) => plugin.memoryBound!(testConfig(plugin, { max_groups: 1000, ...config }))
  const usual = bound({})
  const step = bound({ max_groups: 2000 }) - usual
  assert.ok(step > 1e6 && step < 1e8, `${step}`)
  assert.equal(bound({ max_groups: 3000 }) - usual, 2 * step)
  for (const less of [{ tiers: [{ size: '1s' }] }, { gauges: ['last'] }, { late: 'drop' }])
    assert.ok(bound(less) < usual, JSON.stringify(less))
  assert.ok(bound({ late: 'amend', amend_for: '10h' }) > bound({ late: 'amend', amend_for: '1m' }))
})

test('it corrects sent values if configured, which the store must take', () => {
  const corrects = (late: string) => plugin.corrects?.(testConfig(plugin, { late }))
  assert.deepEqual(['add', 'drop', 'amend'].map(corrects), [false, false, true])
})
