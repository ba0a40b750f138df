import { metrics as otelMetrics } from '@opentelemetry/api'
import type { Metrics } from './metrics.ts'

/**
 * Also exports Weir's own metrics by OTLP/HTTP, through the OpenTelemetry API. The SDK is loaded only where it is used.
 * Returns what sends the last values and stops. @param endpoint URL, …/v1/metrics
 */
export async function exportByOtlp(
  metrics: Metrics,
  endpoint: string,
  intervalMs: number
): Promise<() => Promise<void>> {
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics')
  const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto')
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: endpoint }),
    exportIntervalMillis: intervalMs,
    exportTimeoutMillis: intervalMs
  })
  const provider = new MeterProvider({ readers: [reader] })
  otelMetrics.setGlobalMeterProvider(provider)
  observe(metrics)
  return async () => {
    await provider.shutdown()
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
