import assert from 'node:assert/strict'
import { it } from 'node:test'
import { NO_ACCESS, type Tenants } from '../../../core/plugin/access.ts'
import plugin from '../../../processors/cardinality_limiter/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { Harness, type TestPoint } from './harness.ts'

const ids = (...ids: string[]): TestPoint[] => ids.map(id => ({ attributes: { id } }))
const OVERFLOW = 'm{otel.metric.overflow=true}'

it('below the limits a block goes on as it is', () => {
  const weir = new Harness({})
  const block = weir.block(ids('a', 'b'))
  weir.onBatch = batch => assert.equal(batch.block, block)
  weir.sendBlock(block)
})

it('overflow: points over the limit are added up in one series a metric, of the same time and kind', async () => {
  const weir = new Harness({ max_series_per_metric: 2 })
  assert.equal(await weir.send(...ids('a', 'b', 'c', 'd', 'c', 'a')), 'acked')
  assert.equal(weir.sumOf('m{id=a}', 'm{id=b}'), 3)
  assert.deepEqual(
    weir.of(OVERFLOW).map(({ value }) => value),
    [3]
  )
  const { absorbed, produced, imbalance } = weir.context.account
  assert.deepEqual([absorbed, produced, imbalance], [3, 1, 0])
})

it('overflow: different times stay apart, other metrics are untouched', () => {
  const weir = new Harness({ max_series_per_metric: 1 })
  weir.send(
    { at: 1, attributes: { id: 'a' } },
    { at: 1, attributes: { id: 'b' } },
    { at: 2, attributes: { id: 'c' } },
    { at: 1, attributes: { id: 'd' } },
    { at: 1, name: 'n', attributes: { id: 'b' } }
  )
  assert.deepEqual(
    weir.of(OVERFLOW).map(({ at, value }) => [at, value]),
    [
      [1, 2],
      [2, 1]
    ]
  )
  assert.equal(weir.of('n{id=b}').length, 1)
})

it('gauges and summaries are never merged: over the limit they are dropped, and their sender told', async () => {
  const weir = new Harness({ max_series_per_metric: 1 })
  const gauge = { kind: 'gauge', temporality: 'unspecified' } as const
  assert.equal(await weir.send(...ids('a', 'b', 'c').map(point => ({ ...point, metric: gauge }))), 'dropped 2')
  assert.deepEqual(weir.dropped, { cardinality_limit: 2 })
  assert.equal(weir.outputs.length, 1)
  assert.equal(weir.context.account.imbalance, 0)
})

const ACTIONS: [string, number, Record<string, number>][] = [
  ['observe', 3, {}],
  ['drop', 1, { cardinality_limit: 2 }]
]
for (const [action, out, dropped] of ACTIONS) {
  it(`${action}: ${out} of 3 points pass`, () => {
    const weir = new Harness({ max_series_per_metric: 1, action })
    weir.send(...ids('a', 'b', 'c'))
    assert.equal(weir.outputs.length, out)
    assert.deepEqual(weir.dropped, dropped)
    assert.equal(weir.report().metrics[0].pointsOverLimit, 2)
    assert.equal(weir.context.account.imbalance, 0)
  })
}

it('drop_label: the label with most values goes, the others stay; when even that is too much, overflow', () => {
  const weir = new Harness({ max_series_per_metric: 20, action: 'drop_label' })
  for (let i = 0; i < 400; i++) weir.send({ attributes: { route: `/${i % 2}`, user: `u${i}` } })
  const stripped = ['m{otel.metric.overflow=true,route=/0}', 'm{otel.metric.overflow=true,route=/1}']
  assert.ok(weir.sumOf(...stripped) > 300, `${weir.sumOf(...stripped)}`)
  assert.equal(
    weir.outputs.reduce((sum, { value }) => sum + value, 0),
    400
  )
  assert.ok(new Set(weir.outputs.map(({ series }) => series)).size <= 21)
  assert.equal(weir.context.account.imbalance, 0)
})

it('drop_label: gauges over the limit are dropped', () => {
  const weir = new Harness({ max_series_per_metric: 2, action: 'drop_label' })
  const metric = { kind: 'gauge', temporality: 'unspecified' } as const
  for (let i = 0; i < 10; i++) weir.send({ attributes: { route: '/', user: `u${i}` }, metric })
  assert.equal(weir.outputs.length, 2)
  assert.deepEqual(weir.dropped, { cardinality_limit: 8 })
})

it('limits of values, tenant and process hold beside those of a metric', () => {
  const values = new Harness({ max_values_per_label: 2 })
  for (const id of ['a', 'b', 'c', 'a']) values.send({ attributes: { id, x: id === 'c' ? 'a' : id } })
  assert.equal(values.sumOf(OVERFLOW), 1)
  const tenants = new Harness({ tenant_attribute: 'team', max_series_per_tenant: 1 })
  for (const [team, id] of ['red a', 'red b', 'blue a', 'red a'].map(text => text.split(' ')))
    tenants.send({ attributes: { id }, resource: { team, host: 'h' } })
  assert.deepEqual(
    tenants.outputs.map(({ series }) => series),
    ['host=h,team=red|m{id=a}', `team=red|${OVERFLOW}`, 'host=h,team=blue|m{id=a}', 'host=h,team=red|m{id=a}']
  )
  assert.deepEqual(tenants.report().tenants[0], { name: 'blue', series: 1 })
  const all = new Harness({ max_series_total: 2 })
  all.send({ name: 'a' }, { name: 'b' }, { name: 'c' })
  assert.equal(all.of('c{otel.metric.overflow=true}').length, 1)
})

it('regression: what several tenants of the service sent over a limit was one series of nobody', () => {
  const weir = new Harness({ max_series_per_metric: 1 }, undefined, { ...NO_ACCESS, tenants: {} as Tenants })
  for (const [tenant, id] of ['red a', 'red b', 'blue b'].map(text => text.split(' ')))
    weir.send({ attributes: { id }, resource: { 'weir.tenant': tenant } })
  assert.deepEqual(
    weir.outputs.map(({ series }) => series),
    ['red', 'red', 'blue'].map((tenant, i) => `weir.tenant=${tenant}|${i === 0 ? 'm{id=a}' : OVERFLOW}`)
  )
})

it('the first override that matches counts', () => {
  const overrides = [
    { metric: 'http.*.size', max_series: 2 },
    { metric: 'http.*', action: 'drop', max_series: 1 }
  ]
  const weir = new Harness({ max_series_per_metric: 3, overrides })
  for (const name of ['http.request.size', 'http.count', 'other'])
    weir.send(...ids('a', 'b', 'c', 'd').map(point => ({ ...point, name })))
  const admitted = weir.report().metrics.map(({ name, admitted }) => [name, admitted])
  assert.deepEqual(Object.fromEntries(admitted), { 'http.request.size': 2, 'http.count': 1, other: 3 })
  assert.deepEqual(weir.dropped, { cardinality_limit: 3 })
})

it('Weir’s own metrics are exempt; metrics beyond max_metrics are dropped', async () => {
  const weir = new Harness({ max_series_per_metric: 1, max_metrics: 1 })
  weir.send(...ids('a', 'b').map(point => ({ ...point, name: 'weir_x' })))
  assert.equal(weir.outputs.length, 2)
  assert.equal(await weir.send({ name: 'one' }, { name: 'two' }), 'dropped 1')
  assert.deepEqual(weir.dropped, { too_many_metrics: 1 })
})

it('only observed, metrics beyond max_metrics pass too, and are counted', async () => {
  const overrides = [{ metric: 'bounded', action: 'drop' }]
  const weir = new Harness({ action: 'observe', max_metrics: 1, overrides })
  assert.equal(await weir.send({ name: 'one' }, { name: 'two' }, { name: 'two' }, { name: 'bounded' }), 'dropped 1')
  assert.deepEqual(
    weir.outputs.map(({ series }) => series),
    ['one{}', 'two{}', 'two{}']
  )
  assert.deepEqual(weir.dropped, { too_many_metrics: 1 })
  assert.equal(weir.context.counters.get('unwatched_points_total'), 2)
  assert.equal(weir.context.account.imbalance, 0)
})

it('reports the use of the places: metrics by demand, labels by values, with samples', () => {
  const weir = new Harness({ max_series_per_metric: 10 })
  for (let i = 0; i < 5000; i++) weir.send({ name: 'big', attributes: { user: `u${i}`, route: `/${i % 3}` } })
  weir.send({ name: 'small' })
  const [big, small] = weir.report().metrics
  assert.deepEqual([big.name, small.name, small.demand], ['big', 'small', 1])
  assert.ok(Math.abs(big.demand - 5000) < 5000 * 0.065, `${big.demand}`)
  assert.deepEqual(
    big.labels.map(({ name }) => name),
    ['user', 'route']
  )
  assert.equal(big.labels[1].values, 3)
  assert.equal(big.labels[0].samples.length, 5)
})

it('reports since when a metric is over its limit, through a restart, until all have places', () => {
  const config = { max_series_per_metric: 1, idle_expiry: '10s' }
  const weir = new Harness(config)
  const overSince = (one: Harness) => one.report().metrics[0].overSince
  weir.send(...ids('a'))
  assert.equal(overSince(weir), undefined)
  weir.context.clock.advance(1000)
  const since = weir.context.clock.now()
  weir.send(...ids('a', 'b'))
  weir.context.clock.advance(3000)
  weir.send(...ids('a', 'b'))
  assert.equal(overSince(weir), since)
  const next = weir.restarted(config)
  assert.equal(overSince(next), since)
  for (let i = 0; i < 4; i++) {
    next.context.clock.advance(3000)
    next.send(...ids('a'))
  }
  assert.equal(overSince(next), undefined)
})

it('reports no values of labels that may be secrets', () => {
  const weir = new Harness({ max_series_per_metric: 1 })
  for (const api_key of ['a1', 'a2', 'a3']) weir.send({ name: 'm', attributes: { api_key, plan: 'pro' } })
  const labels = weir.report().metrics[0].labels
  assert.deepEqual(Object.fromEntries(labels.map(({ name, samples }) => [name, samples])), {
    api_key: ['[redacted]'],
    plan: ['pro']
  })
})

it('refuses contradictory options', () => {
  assert.throws(() => testConfig(plugin, { max_series_per_tenant: 5 }), /needs tenant_attribute/)
  assert.throws(() => testConfig(plugin, { idle_expiry: '10ms' }), /at least 1s/)
})
