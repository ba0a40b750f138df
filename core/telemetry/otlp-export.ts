import { setTimeout } from 'node:timers/promises'
import { metrics as otelMetrics } from '@opentelemetry/api'
import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'

// For the last values, when Weir stops: longer is not worth waiting for.
const STOP_MS = 1000
const WARN_INTERVAL_MS = 60_000

/**
 * Also exports Weir's own metrics by OTLP/HTTP, through the OpenTelemetry API. The SDK is loaded only where it is used.
 * Returns what sends the last values and stops. @param endpoint URL, …/v1/metrics
 */
export async function exportByOtlp(
  metrics: Metrics,
  endpoint: string,
  intervalMs: number,
  log: Logger
): Promise<() => Promise<void>> {
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics')
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  const exporter = new OTLPMetricExporter({ url: endpoint, timeoutMillis: intervalMs })
  const send = exporter.export.bind(exporter)
  let warnedAt = Number.NEGATIVE_INFINITY
  exporter.export = (values, done) =>
    send(values, result => {
      if (result.code !== 0 && performance.now() - warnedAt >= WARN_INTERVAL_MS) {
        warnedAt = performance.now()
        log.warn({ endpoint, err: result.error?.message }, "Weir's own metrics could not be exported")
      }
      done(result)
    })
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs
  })
  const provider = new MeterProvider({ readers: [reader] })
  otelMetrics.setGlobalMeterProvider(provider)
  observe(metrics)
  return async () => {
    await Promise.race([provider.shutdown().catch(() => {}), setTimeout(STOP_MS)])
    otelMetrics.disable()
  }
}

function observe(metrics: Metrics): void {
  const meter = otelMetrics.getMeter('weir')
  for (const { name, type, help, read } of metrics.families) {
    const options = { description: help }
    const instrument =
      type === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options)
    instrument.addCallback(result => {
      for (const { labels, value } of read()) result.observe(value, labels)
    })
  }
}
