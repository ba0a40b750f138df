// Sends OTLP with the SDK for JavaScript, for tests of receivers.
//
// client.ts run PROTOCOL HOST:PORT SECONDS   a counter, +1 each 50 ms, exported each 10 s; prints its total
import { setTimeout } from 'node:timers/promises'
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { metricExporter } from './js-exporters.ts'

const INTERVAL_MS = 10_000
const STEP_MS = 50

const [, , , protocol, address, seconds] = process.argv
const exporter = metricExporter(protocol, address, 'none', AggregationTemporality.DELTA)
const reader = new PeriodicExportingMetricReader({
  exporter,
  exportIntervalMillis: INTERVAL_MS,
  exportTimeoutMillis: INTERVAL_MS
})
const provider = new MeterProvider({ readers: [reader] })
const counter = provider.getMeter('till').createCounter('requests')
const end = performance.now() + Number(seconds) * 1000
let total = 0
for (; performance.now() < end; await setTimeout(STEP_MS)) {
  counter.add(1)
  total++
}
await provider.shutdown().catch(error => console.error(error))
console.log(total)
