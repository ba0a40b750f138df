import { setTimeout } from 'node:timers/promises'
import type { MetricProducer } from '@opentelemetry/sdk-metrics'
import type { Logger } from 'pino'
import { describeError } from '../errors.ts'

// For the last values, when Weir stops: longer is not worth waiting for.
const STOP_MS = 1000
const WARN_INTERVAL_MS = 60_000

/**
 * Also exports Weir's own metrics by OTLP/HTTP, with the families that exist at each export. The SDK is loaded only if
 * it is used. Returns a function that sends the last values and stops.
 * @param endpoint URL, …/v1/metrics
 */
export async function exportByOtlp(
  metrics: MetricProducer,
  endpoint: string,
  intervalMs: number,
  log: Logger
): Promise<() => Promise<void>> {
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics')
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  const warn = occasionally(error =>
    log.warn({ endpoint, err: describeError(error) }, "Weir's own metrics could not be exported")
  )
  const exporter = new OTLPMetricExporter({ url: endpoint, timeoutMillis: intervalMs })
  const send = exporter.export.bind(exporter)
  exporter.export = (values, done) =>
    send(values, result => {
      if (result.code !== 0) warn(result.error)
      done(result)
    })
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs,
    metricProducers: [reporting(metrics, warn)]
  })
  const provider = new MeterProvider({ readers: [reader] })
  return async () => {
    await Promise.race([provider.shutdown().catch(() => {}), setTimeout(STOP_MS)])
  }
}

/** The SDK tells nobody that values could not be read. */
function reporting(metrics: MetricProducer, warn: (error: unknown) => void): MetricProducer {
  return {
    async collect() {
      try {
        return await metrics.collect()
      } catch (error) {
        warn(error)
        throw error
      }
    }
  }
}

function occasionally(say: (error: unknown) => void): (error: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  return error => {
    if (performance.now() - saidAt < WARN_INTERVAL_MS) return
    saidAt = performance.now()
    say(error)
  }
}
