import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOfNamed, type NamedSeries, namedSeries } from '../../core/model/named-series.ts'
import type { Explanation } from '../../core/plugin/inspection.ts'
import cardinalityLimiter from '../../processors/cardinality_limiter/index.ts'
import cumulativeToDelta from '../../processors/cumulative_to_delta/index.ts'
import deltaToCumulative from '../../processors/delta_to_cumulative/index.ts'
import enrich from '../../processors/enrich/index.ts'
import filter from '../../processors/filter/index.ts'
import rollup from '../../processors/rollup/index.ts'
import sampler from '../../processors/sampler/index.ts'
import transform from '../../processors/transform/index.ts'
import windowedCounter from '../../processors/windowed_counter/index.ts'
import type { EventBlock, ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { testContext } from '../../sdk/plugin/testing.ts'
import { made, ProcessorUnderTest, pointsOf, type TestPoint } from '../processor-under-test.ts'

const EPOCH = 1_700_000_000_000
/** Longer than any window here, and its lateness. */
const ALL_WINDOWS_MS = 120_000

const GAUGE = { kind: 'gauge', temporality: 'unspecified' } as const
const CUMULATIVE = { temporality: 'cumulative' } as const
const histogram = { kind: 'histogram', count: 2, sum: 3, min: 1, max: 2, bounds: [1], counts: [1, 1] } as const
const members = { kind: 'set', members: ['a', 'b'] } as const

const USERS = 'test/cases/enrich/yaml/users.yaml'

const POINTS: Readonly<Record<string, TestPoint>> = {
  'a delta counter': { name: 'hits', attributes: { plan: 'pro', user: 'ann' }, resource: { 'service.name': 'shop' } },
  'a cumulative counter': { name: 'total', attributes: { plan: 'pro' }, metric: CUMULATIVE, start: -10 },
  'a gauge': { name: 'size', attributes: { plan: 'free' }, metric: GAUGE },
  'a delta histogram': {
    name: 'time',
    attributes: { route: '/' },
    metric: { kind: 'histogram' },
    distribution: histogram
  },
  'a set': { name: 'users', attributes: { plan: 'pro' }, metric: { kind: 'set' }, distribution: members },
  'a label that windows need': { name: 'hits', attributes: { window: 'w', plan: 'pro' } },
  'a name that is filtered': { name: 'debug.noise' }
}

const CASES: readonly (readonly [ProcessorPlugin<never>, Record<string, unknown>])[] = [
  [windowedCounter, { windows: ['1s', '10s'] }],
  [windowedCounter, { windows: ['1s'], by: ['plan'], output: ['delta'] }],
  [windowedCounter, { windows: ['1s'], without: ['user'], output: ['cumulative'] }],
  [windowedCounter, { windows: [{ size: '10s', every: '1s' }], aggregations: ['avg', 'max', 'count'] }],
  [windowedCounter, { windows: ['1s'], aggregations: ['histogram', 'quantiles', 'stddev'], quantiles: [0.5, 0.9] }],
  [windowedCounter, { windows: ['1s'], name: 'x.{name}.{window}', output: ['delta'], match: { name: 'h*' } }],
  [
    windowedCounter,
    { windows: ['1s'], rules: [{ match: { name: 'hits' } }, { match: { kind: 'set' }, by: [], name: 'all.{name}' }] }
  ],
  [rollup, { tiers: [{ size: '1s' }, { size: '10s' }] }],
  [rollup, { tiers: [{ size: '1s', attributes: { vm_account_id: '2' } }], without: ['user'] }],
  [transform, { statements: [{ delete: ['user'] }, { rename_attributes: { plan: 'tier' } }] }],
  [transform, { statements: [{ relabel: [{ source_labels: ['plan'], regex: 'free', action: 'drop' }] }] }],
  [transform, { statements: [{ match: { name: 'hits' }, rename: 'requests' }] }],
  [filter, { exclude: { name: 'debug.*' } }],
  [filter, { include: { attributes: { plan: 'pro' } } }],
  [enrich, { file: USERS, attribute: 'user', reload_interval: '0s' }],
  [enrich, { file: USERS, attribute: 'user', reload_interval: '0s', missing: 'drop' }],
  [enrich, { file: USERS, attribute: 'user', reload_interval: '0s', missing: 'defaults', defaults: { plan: 'x' } }],
  [sampler, { probability: 0.5, attribute: 'plan', match: { attributes: { plan: { exists: true } } } }],
  [deltaToCumulative, {}],
  [cumulativeToDelta, {}],
  [cardinalityLimiter, { max_series_per_metric: 2 }]
] as never

for (const [plugin, config] of CASES) {
  for (const [name, point] of Object.entries(POINTS)) {
    test(`${plugin.type} ${JSON.stringify(config)} explains ${name} as it treats it`, async () => {
      const { explanation, given, sent, dropped } = await run(plugin as ProcessorPlugin, config, point)
      assert.deepEqual(sent, expected(explanation, given))
      assert.deepEqual(dropped > 0, explanation.fate === 'dropped', JSON.stringify(explanation))
    })
  }
}

test('windows explain events as they count them', async () => {
  for (const [value, config] of [
    [1, { windows: ['1s', '10s'] }],
    [1, { windows: ['1s'], by: ['plan'] }],
    [1, { windows: ['1s'], aggregations: ['unique'], attribute: 'user' }]
  ] as const) {
    const subject = subjectOf(windowedCounter as ProcessorPlugin, config)
    const attributes = [
      ['plan', 'pro'],
      ['user', 'u1']
    ] as const
    const block: EventBlock = {
      type: 'events',
      length: 1,
      time: Float64Array.of(EPOCH),
      name: ['signup'],
      id: [undefined],
      attributes: [attributes],
      value: Float64Array.of(value)
    }
    const none = { name: '', version: '', attributes: [], schemaUrl: '' }
    const event = {
      name: 'signup',
      kind: 'event',
      temporality: 'unspecified',
      unit: '',
      resource: [],
      scope: none
    } as const
    const explanation = subject.processor.explain!({ ...event, attributes })
    await subject.sendBlock(block)
    await subject.host.advance(ALL_WINDOWS_MS)
    assert.equal(explanation.fate, 'counted')
    assert.deepEqual(sentBy(subject), expected(explanation, undefined), JSON.stringify(config))
  }
})

test('a limiter explains series with and without a place', async () => {
  for (const action of ['overflow', 'drop', 'observe', 'drop_label']) {
    const subject = subjectOf(cardinalityLimiter as ProcessorPlugin, { max_series_per_metric: 2, action })
    const points = Array.from({ length: 6 }, (_, i) => ({ name: 'hits', attributes: { user: `u${i}` } }))
    const block = pointsOf(subject.context, points, EPOCH, {})
    await subject.sendBlock(block)
    const before = sentBy(subject)
    for (let i = 0; i < points.length; i++) {
      const given = namedSeries(block.series.at(i))
      const { fate, outputs = [given] } = subject.processor.explain!(given)
      const isThere = before.includes(keyOfNamed(given))
      if (action === 'drop') assert.equal(fate, isThere ? 'passes' : 'dropped', `${action} ${i}`)
      else assert.equal(fate, isThere ? 'passes' : 'changes', `${action} ${i}`)
      if (fate === 'changes') assert.ok(before.includes(keyOfNamed(outputs[0])), `${action} ${i}`)
    }
  }
})

async function run(plugin: ProcessorPlugin, config: Record<string, unknown>, point: TestPoint) {
  const subject = subjectOf(plugin, config)
  const send = (at: number) => subject.sendBlock(pointsOf(subject.context, [{ ...point, at }], EPOCH, {}))
  const given = namedSeries(pointsOf(subject.context, [point], EPOCH, {}).series.at(0))
  const explanation = subject.processor.explain!(given)
  // The first point of a cumulative series may only be where it begins.
  await send(0)
  await send(0.1)
  await subject.host.advance(ALL_WINDOWS_MS)
  const dropped = Object.values(subject.dropped).reduce((sum, items) => sum + items, 0)
  return { explanation, given, sent: sentBy(subject), dropped }
}

function subjectOf(plugin: ProcessorPlugin, config: Record<string, unknown>): ProcessorUnderTest {
  const context = testContext()
  context.clock.advanceTo(EPOCH)
  const subject = new ProcessorUnderTest(made(plugin, config), context)
  subject.host.open()
  void subject.processor.start?.(new AbortController().signal)
  return subject
}

/** The keys of all series that came out. */
function sentBy({ host }: ProcessorUnderTest): string[] {
  const keys = host.sent.flatMap(({ block }) =>
    block.type === 'points' ? [...block.series].map(({ key }) => key) : []
  )
  return [...new Set(keys)].sort()
}

function expected({ fate, outputs = [] }: Explanation, given: NamedSeries | undefined): string[] {
  if (fate === 'dropped') return []
  return (fate === 'passes' ? [given!] : outputs).map(keyOfNamed).sort()
}
