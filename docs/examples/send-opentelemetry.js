import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

const provider = new MeterProvider({
  resource: resourceFromAttributes({ 'service.name': 'shop' }),
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 10_000 })]
})
const orders = provider.getMeter('shop').createCounter('shop.orders')

orders.add(1, { country: 'de' })

await provider.shutdown()
