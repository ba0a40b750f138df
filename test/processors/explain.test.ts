import assert from 'node:assert/strict'
import { test } from 'node:test'
import statsd from '../../exporters/statsd/index.ts'
import batch from '../../processors/batch/index.ts'
import dedup from '../../processors/dedup/index.ts'
import rateLimiter from '../../processors/rate_limiter/index.ts'
import { type Explanation, type NamedSeries, NO_SCOPE, type ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { made, ProcessorUnderTest, pointsOf } from '../processor-under-test.ts'

const HA = { mode: 'ha_replica', failover_timeout: '30s' }

const series = (
  attributes: Record<string, string>,
  kind: NamedSeries['kind'] = 'counter',
  temporality: NamedSeries['temporality'] = 'delta'
): NamedSeries => ({
  name: 'm',
  kind,
  temporality,
  unit: '',
  attributes: Object.entries(attributes),
  resource: [],
  scope: NO_SCOPE
})

const outputsOf = ({ outputs = [] }: Explanation) => outputs.map(({ attributes }) => Object.fromEntries(attributes))

for (const [name, plugin, config, asked, fate, why] of [
  ['batch', batch, { timeout: '5s', by: ['plan'] }, series({}), 'passes', /up to 5s, .* others of one plan/],
  ['dedup of ids', dedup, {}, series({}, 'event'), 'passes', /dropped as duplicate if its id came in the last 10m/],
  ['dedup of ids', dedup, {}, series({}), 'passes', /these are points/],
  [
    'dedup of samples',
    dedup,
    { mode: 'sample', conflict: 'pass' },
    series({}),
    'passes',
    /another value .* let through/
  ],
  ['dedup of samples', dedup, { mode: 'sample' }, series({}, 'event'), 'passes', /these are events/],
  [
    'dedup of requests',
    dedup,
    { mode: 'request', window: '1h' },
    series({}),
    'passes',
    /last 1h are .* duplicate_request/
  ],
  ['dedup by numbers', dedup, { mode: 'client_seq' }, series({ a: '1' }), 'passes', /one without id/],
  ['dedup by numbers', dedup, { mode: 'client_seq' }, series({ 'weir.client.id': 'c' }), 'changes', /taken off/],
  ['dedup of replicas', dedup, HA, series({ cluster: 'c' }), 'passes', /no cluster and replica/],
  [
    'rate_limiter',
    rateLimiter,
    { rate: 5 },
    series({}),
    'passes',
    /all items together may be 5 a second, .*: now 5 are left/
  ],
  ['rate_limiter', rateLimiter, { rate: 5, match: { name: 'x' } }, series({}), 'passes', /not limited/],
  ['statsd', statsd, {}, series({}, 'counter', 'cumulative'), 'dropped', /^cumulative: put cumulative_to_delta/],
  ['statsd', statsd, {}, series({}, 'summary'), 'dropped', /^summary: StatsD has no line/],
  ['statsd', statsd, {}, series({}, 'event'), 'dropped', /no line for events/],
  ['statsd', statsd, {}, series({ plan: 'pro' }), 'stored', /udp:/]
] as const)
  test(`${name} tells the way of a ${asked.kind}: ${fate}`, () => {
    const all = plugin as ProcessorPlugin<object>
    const explanation = all.create(testConfig(all, config), testContext()).explain!(asked)
    assert.equal(explanation.fate, fate)
    assert.match(explanation.why, why)
  })

test('statsd names the line', () => {
  const exporter = statsd.create(testConfig(statsd, {}), testContext())
  assert.deepEqual(exporter.explain!(series({ plan: 'pro' })).places, ['m|#plan:pro'])
})

test('of replicas the elected one goes on without its label, and the others are dropped', async () => {
  const weir = new ProcessorUnderTest(made(dedup, HA), testContext())
  weir.host.open()
  const of = (replica: string) => weir.processor.explain!(series({ cluster: 'c', __replica__: replica }))
  const send = (replica: string) =>
    weir.sendBlock(pointsOf(weir.context, [{ attributes: { cluster: 'c', __replica__: replica } }], 0, { name: 'm' }))
  assert.deepEqual(outputsOf(of('b')), [{ cluster: 'c' }])
  await send('a')
  assert.deepEqual(outputsOf(of('a')), [{ cluster: 'c' }])
  assert.match(of('b').why, /^not_elected: __replica__="a" is elected .*heard 0\.0 s ago; after 30s another one is/)
  weir.context.clock.advance(31_000)
  assert.equal(of('b').fate, 'changes')
  assert.equal(weir.context.account.droppedTotal, 0)
})

for (const [action, fate, why] of [
  ['drop', 'dropped', /^rate_limited: the items of one plan may be 1 a second, and 2 at once: now 0 are left/],
  ['refuse', 'passes', /^its batch goes back to its sender: .* now 0 are left/]
] as const)
  test(`rate_limiter tells what is left of a key, with action ${action}`, async () => {
    const config = { rate: 1, burst: 2, by: ['plan'], action }
    const weir = new ProcessorUnderTest(made(rateLimiter, config), testContext())
    weir.host.open()
    const point = { attributes: { plan: 'pro' } }
    await weir.sendBlock(pointsOf(weir.context, [point, point], 0, { name: 'm' }))
    const explanation = weir.processor.explain!(series({ plan: 'pro' }))
    assert.equal(explanation.fate, fate)
    assert.match(explanation.why, why)
    assert.match(weir.processor.explain!(series({ plan: 'free' })).why, /now 2 are left/)
    weir.context.clock.advance(1000)
    assert.match(weir.processor.explain!(series({ plan: 'pro' })).why, /now 1 are left/)
  })
