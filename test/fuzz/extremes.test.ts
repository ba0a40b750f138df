import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import type { DecodedMetrics } from '../../core/wire/otlp/decoded-metrics.ts'
import { decodeMetricsJson } from '../../core/wire/otlp/json-decoder.ts'
import { OtlpMetricsDecoder } from '../../core/wire/otlp/metrics-decoder.ts'
import clickhouse from '../../exporters/clickhouse/index.ts'
import debug from '../../exporters/debug/index.ts'
import victoriametrics from '../../exporters/victoriametrics/index.ts'
import batch from '../../processors/batch/index.ts'
import limiter from '../../processors/cardinality_limiter/index.ts'
import toDelta from '../../processors/cumulative_to_delta/index.ts'
import dedup from '../../processors/dedup/index.ts'
import toCumulative from '../../processors/delta_to_cumulative/index.ts'
import rollup from '../../processors/rollup/index.ts'
import sampler from '../../processors/sampler/index.ts'
import windows from '../../processors/windowed_counter/index.ts'
import type { ExporterPlugin, ProcessorPlugin } from '../../sdk/plugin/index.ts'
import { ExporterHarness, testConfig, testContext } from '../../sdk/plugin/testing.ts'
import { RemoteWriteBackend } from '../e2e/remote-write-backend.ts'
import { temporaryFolder } from '../exporters/clickhouse/harness.ts'
import { extremes } from './extremes.ts'
import { toJson, toProtobuf } from './otlp-proto.ts'
import { NOW, processedRequests, rowsOf, SECONDS, within } from './run.ts'

const PARTS = 4
/** The least that an exporter can be given. */
const FIRST = {
  resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [{ asInt: '1' }] } }] }] }]
}
const ANSWER_MS = 30_000

function holds(check: (requests: object[]) => Promise<void>): Promise<void> {
  const interruptAfterTimeLimit = (SECONDS / PARTS) * 1000
  return fc.assert(fc.asyncProperty(extremes, check), { numRuns: 1_000_000_000, interruptAfterTimeLimit })
}

describe('values at the edges of their types', () => {
  it('are the same by protobuf and by JSON', () =>
    holds(async requests => {
      const registry = new SeriesTable()
      for (const request of requests) {
        const binary = new OtlpMetricsDecoder(registry).decode(toProtobuf(request), NOW)
        const text = decodeMetricsJson(toJson(request), registry, NOW)
        assert.deepEqual(rowsOf(text.block), rowsOf(binary.block))
        assert.deepEqual(refused(text), refused(binary))
      }
    }))

  const processors: [ProcessorPlugin<never>, Record<string, unknown>][] = [
    [batch, {}],
    [dedup, { mode: 'sample' }],
    [sampler, { probability: 0.5 }],
    [toDelta, {}],
    [toCumulative, {}],
    [limiter, { max_series_per_metric: 1, max_series_total: 3 }],
    [windows, { windows: ['1s', '10s'] }],
    [
      windows,
      {
        windows: ['1s'],
        rules: [
          { aggregations: ['count', 'sum', 'min', 'max', 'avg', 'last', 'quantiles'], name: '{name}.{aggregation}' }
        ]
      }
    ],
    [rollup, { tiers: [{ size: '1s' }, { size: '1m' }] }]
  ] as never
  it('are accounted for by every processor, and hold none of them up', () =>
    holds(async requests => {
      for (const [plugin, config] of processors) {
        const { account, nacked } = await processedRequests(plugin, config, requests)
        assert.deepEqual([account, nacked], [{ imbalance: 0, inFlight: 0 }, 0], plugin.type)
      }
    }))

  it('are sent or refused for good by remote write and debug', async t => {
    const backend = await RemoteWriteBackend.start(t)
    await holds(async requests => {
      for (const exponential_histograms of ['le', 'vmrange'])
        await exported(victoriametrics as never, { endpoint: backend.url, exponential_histograms }, requests)
      await exported(debug as never, {}, requests)
    })
  })

  it('are stored or refused for good by ClickHouse', async t => {
    const folder = await temporaryFolder()
    t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
    for (const schema of ['compact', 'otel']) {
      // One engine for all runs: it takes seconds to start on a busy machine.
      const exporter = await Exporting.start(clickhouse as never, { embedded: folder, schema, ttl: '0' })
      await exporter.send([FIRST])
      const sends = fc.asyncProperty(extremes, requests => exporter.send(requests))
      // On a busy machine the first run alone may take longer than there is time.
      await fc.assert(sends, { numRuns: 1, endOnFailure: true })
      const interruptAfterTimeLimit = (SECONDS / PARTS / 2) * 1000
      const details = await fc.check(sends, { numRuns: 1_000_000_000, interruptAfterTimeLimit, endOnFailure: true })
      assert.equal(details.counterexample, null, (await fc.asyncDefaultReportMessage(details)) ?? '')
      await exporter.stop()
    }
  })
})

const refused = ({ rejections }: DecodedMetrics) => [...rejections.items].filter(([, items]) => items > 0).sort()

/** Each block is settled soon, and never nacked. */
async function exported(
  plugin: ExporterPlugin<never>,
  config: Record<string, unknown>,
  requests: object[]
): Promise<void> {
  const exporter = await Exporting.start(plugin, config)
  await exporter.send(requests)
  await exporter.stop()
}

class Exporting {
  #context = testContext()
  #decoder = new OtlpMetricsDecoder(this.#context.series)
  #harness: ExporterHarness

  constructor(plugin: ExporterPlugin<never>, config: Record<string, unknown>) {
    this.#harness = new ExporterHarness(plugin.create(testConfig(plugin, config), this.#context), this.#context)
  }

  static async start(plugin: ExporterPlugin<never>, config: Record<string, unknown>): Promise<Exporting> {
    const exporting = new Exporting(plugin, config)
    await exporting.#harness.start()
    return exporting
  }

  async send(requests: readonly object[]): Promise<void> {
    for (const request of requests) {
      const { block } = this.#decoder.decode(toProtobuf(request), NOW)
      if (block.length === 0) continue
      const { status } = await within(ANSWER_MS, this.#harness.send(block), 'the exporter tries for ever')
      assert.notEqual(status, 'nacked')
    }
    const { imbalance, inFlight } = this.#context.account
    assert.deepEqual([imbalance, inFlight], [0, 0])
  }

  stop(): Promise<void> {
    return this.#harness.stop()
  }
}
