import assert from 'node:assert/strict'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { StatsD } from 'hot-shots'
import { type SentCounts, seriesKey } from './counts.ts'
import type { Sandbox } from './weir-process.ts'

const EXPORTERS = { protobuf: ProtobufExporter, json: JsonExporter }
const TEMPORALITIES = { delta: AggregationTemporality.DELTA, cumulative: AggregationTemporality.CUMULATIVE }
const ROUTES = ['/', '/cart', '/pay']
// Exports are made by hand, so that the test decides into how many windows they fall.
const NEVER_MS = 3_600_000

/** An application that counts. What it counts it writes down in {@link SentCounts}. */
export interface Client {
  /** Counts a little; `turn` varies it. */
  count(turn: number): void
  /** Sends what it has. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** The OpenTelemetry SDK with one of its exporters. */
export function sdkClient(
  url: string,
  format: keyof typeof EXPORTERS,
  temporality: keyof typeof TEMPORALITIES,
  sent: SentCounts
): Client {
  const client = `${format}-${temporality}`
  const exporter = new EXPORTERS[format]({ url, temporalityPreference: TEMPORALITIES[temporality] })
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: NEVER_MS })
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop' }),
    readers: [reader]
  })
  const requests = provider.getMeter('shop').createCounter('http_requests')
  return {
    count(turn) {
      const add = (labels: Record<string, string>, value: number) => {
        requests.add(value, labels)
        sent.add(seriesKey('http_requests', labels), value)
      }
      add({ client, route: ROUTES[turn % ROUTES.length] }, 1 + (turn % 3))
      // The same series from several clients is added up; of cumulative ones there may be one writer only.
      if (temporality === 'delta') add({ route: 'all' }, 1)
    },
    flush: () => provider.forceFlush(),
    close: () => provider.shutdown()
  }
}

/** hot-shots: counters, and a histogram, whose count and sum are compared. */
export function statsdClient(port: number, sent: SentCounts): Client & { readonly lines: number } {
  const statsd = new StatsD({ host: '127.0.0.1', port, maxBufferSize: 1400, bufferFlushInterval: 50 })
  let lines = 0
  return {
    get lines() {
      return lines
    },
    count(turn) {
      const page = `p${turn % 2}`
      statsd.increment('page_views', 2, { page })
      statsd.histogram('payload_size', turn, { page })
      lines += 2
      sent.add(seriesKey('page_views', { page }), 2)
      sent.add(seriesKey('payload_size_count', { page }), 1)
      sent.add(seriesKey('payload_size_sum', { page }), turn)
    },
    flush: async () => {},
    close: () => new Promise((resolve, reject) => statsd.close(error => (error ? reject(error) : resolve())))
  }
}

/** HTTP events through curl: one, an array, and NDJSON, in turn. */
export function curlClient(url: string, sandbox: Sandbox, sent: SentCounts): Client {
  let turns = 0
  return {
    count: () => {},
    async flush() {
      const event = (country: string, value?: number) =>
        JSON.stringify({ name: 'order', value, attributes: { country } })
      const [type, body, countries] = [
        ['application/json', event('de'), ['de']],
        ['application/json', `[${event('de')},${event('at')}]`, ['de', 'at']],
        ['application/x-ndjson', `${event('at')}\n${event('at')}\n${event('ch')}\n`, ['at', 'at', 'ch']]
      ][turns++ % 3] as [string, string, string[]]
      const args = ['-sS', '-o', '-', '-w', '\n%{http_code}', '-H', `content-type: ${type}`, '--data-binary', body, url]
      const { stdout, stderr } = await sandbox.run('curl', args)
      const want = `${JSON.stringify({ accepted: countries.length, rejected: 0, errors: [] })}\n200`
      assert.equal(stdout, want, stderr)
      for (const country of countries) sent.add(seriesKey('order', { country }), 1)
    },
    close: async () => {}
  }
}
