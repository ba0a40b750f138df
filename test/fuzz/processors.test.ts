import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import batch from '../../processors/batch/index.ts'
import limiter from '../../processors/cardinality_limiter/index.ts'
import toDelta from '../../processors/cumulative_to_delta/index.ts'
import dedup from '../../processors/dedup/index.ts'
import toCumulative from '../../processors/delta_to_cumulative/index.ts'
import filter from '../../processors/filter/index.ts'
import rateLimiter from '../../processors/rate_limiter/index.ts'
import rollup from '../../processors/rollup/index.ts'
import sampler from '../../processors/sampler/index.ts'
import transform from '../../processors/transform/index.ts'
import windows from '../../processors/windowed_counter/index.ts'
import type { PointBlock, ProcessorPlugin, Series } from '../../sdk/plugin/index.ts'
import { type Counted, increments, isIncremental } from './reference.ts'
import { NOW, processed, rowsOf, SECONDS } from './run.ts'
import { APPLICATIONS, play, type SentPoint, traffic } from './traffic.ts'

const PROPERTIES = 6

/** For a share of the time there is. */
async function holds(check: (requests: SentPoint[][]) => Promise<void>): Promise<void> {
  const property = fc.asyncProperty(traffic, async requests => check(play(requests, NOW)))
  const interruptAfterTimeLimit = (SECONDS / PROPERTIES) * 1000
  await fc.assert(property, { numRuns: 1_000_000_000, interruptAfterTimeLimit })
}

describe('hostile but legal OTLP', () => {
  const passing: [ProcessorPlugin<never>, Record<string, unknown>][] = [
    [batch, {}],
    [filter, { exclude: { name: 'no such metric' } }],
    [transform, { statements: [{ match: { name: 'no such metric' }, set: { a: 'b' } }] }],
    [sampler, { probability: 1 }],
    [rateLimiter, { rate: 1_000_000 }],
    [dedup, { mode: 'event_id' }]
  ] as never
  it('passes each point that it must not change', () =>
    holds(async requests => {
      for (const [plugin, config] of passing) {
        const { input, output, dropped } = await well(plugin, config, requests)
        assert.deepEqual(output.flatMap(rowsOf), input.flatMap(rowsOf), plugin.type)
        assert.equal(dropped.size, 0, plugin.type)
      }
    }))

  const counting: [ProcessorPlugin<never>, Record<string, unknown>, (series: Series) => boolean][] = [
    [toDelta, {}, ({ metric }: Series) => metric.temporality === 'delta'],
    [windows, { windows: ['1s', '10s'], output: ['delta'], allowed_lateness: '30s' }, has('window', '10s')],
    [rollup, { tiers: [{ size: '1s' }, { size: '1m' }], allowed_lateness: '30s' }, has('rollup', '1m')]
  ] as never
  for (const [plugin, config, isCounted] of counting)
    it(`is counted by ${plugin.type} as the data model says`, () =>
      holds(async requests => {
        const { output } = await well(plugin, config, requests)
        assert.deepEqual(deltas(output, isCounted), plain(increments(requests.flat(), NOW)))
      }))

  it('is added up by delta_to_cumulative', () =>
    holds(async requests => {
      const { output } = await well(toCumulative, {}, requests)
      const sent = requests.flat().filter(({ from }) => from.temporality === 'delta')
      assert.deepEqual(totals(output), plain(increments(sent, NOW)))
    }))

  it('is all there behind cardinality_limiter', () =>
    holds(async requests => {
      const { output } = await well(limiter, { max_series_per_metric: 1, max_series_total: 8 }, requests)
      const sent = requests.flat().filter(({ from }) => from.temporality === 'delta')
      assert.deepEqual(
        deltas(output, ({ metric }) => metric.temporality === 'delta'),
        plain(increments(sent, NOW))
      )
    }))
})

/** Processed, with nothing unaccounted and nothing nacked. */
async function well(plugin: ProcessorPlugin<never>, config: Record<string, unknown>, requests: SentPoint[][]) {
  const result = await processed(plugin, config, requests)
  assert.deepEqual([result.account, result.nacked], [{ imbalance: 0, inFlight: 0 }, 0], plugin.type)
  return result
}

function has(key: string, value: string): (series: Series) => boolean {
  return ({ attributes }) => attributes.some(attribute => attribute[0] === key && attribute[1] === value)
}

interface Row extends Counted {
  readonly series: Series
  readonly time: number
}

function* rows(blocks: readonly PointBlock[]): Generator<Row & { readonly isStale: boolean }> {
  for (const { length, series, time, value, flags, distributions } of blocks)
    for (let i = 0; i < length; i++) {
      const distribution = distributions.get(i)
      const isHistogram = distribution?.kind === 'histogram' || distribution?.kind === 'exponential_histogram'
      const counted = isHistogram ? distribution : { count: value[i], sum: value[i] }
      yield { series: series.at(i), time: time[i], isStale: flags[i] !== 0, count: counted.count, sum: counted.sum }
    }
}

/** Increments added up by the name of the metric. */
function deltas(blocks: readonly PointBlock[], isCounted: (series: Series) => boolean): Record<string, Counted> {
  const sums: Record<string, Counted> = {}
  for (const { series, isStale, count, sum } of rows(blocks)) {
    if (isStale || Number.isNaN(count) || !isCounted(series) || !INCREMENTAL.has(series.metric.name)) continue
    const known = (sums[series.metric.name] ??= { count: 0, sum: 0 })
    known.count += count
    known.sum! += sum!
  }
  return plain(new Map(Object.entries(sums)))
}

/** The last totals of all series that were increments, added up by the name of the metric. */
function totals(blocks: readonly PointBlock[]): Record<string, Counted> {
  const last = new Map<string, Row>()
  for (const row of rows(blocks)) {
    const { metric, attributes } = row.series
    // A total of observations has exponential buckets until buckets or histograms without any join them.
    if (!row.isStale && DELTAS.has(metric.name)) last.set(JSON.stringify([metric.name, attributes]), row)
  }
  const sums = new Map<string, Counted>()
  for (const { series, count, sum } of last.values()) {
    const known = sums.get(series.metric.name) ?? { count: 0, sum: 0 }
    sums.set(series.metric.name, { count: known.count + count, sum: known.sum! + sum! })
  }
  return plain(sums)
}

const INCREMENTAL = new Set(APPLICATIONS.filter(isIncremental).map(({ name }) => name))
const DELTAS = new Set(APPLICATIONS.filter(({ temporality }) => temporality === 'delta').map(({ name }) => name))

/** Without metrics of which nothing was counted: whether these come out is nobody's matter. */
function plain(counted: ReadonlyMap<string, Counted>): Record<string, Counted> {
  const some = [...counted]
    .filter(([, { count }]) => count > 0)
    .map(([name, { count, sum }]) => {
      return [name, { count, sum: Number.isNaN(sum) ? undefined : sum }] as const
    })
  return Object.fromEntries(some.sort(([a], [b]) => (a < b ? -1 : 1)))
}
