import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Metrics } from './metrics.ts'

const DELAY_RESOLUTION_MS = 20

/** The process's own metrics, under the names Prometheus clients use. Returns a function that stops measuring. */
export function addProcessMetrics(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  delay.enable()
  const gauge = (name: string, help: string, value: () => number) =>
    metrics.add({ name, help, type: 'gauge', read: () => [{ labels: {}, value: value() }] })
  metrics.add({
    name: 'process_cpu_seconds_total',
    help: 'User and system CPU time spent.',
    type: 'counter',
    read: () => [{ labels: {}, value: cpuSeconds() }]
  })
  gauge('process_resident_memory_bytes', 'Resident memory size.', () => process.memoryUsage.rss())
  gauge('process_start_time_seconds', 'Start time since the Unix epoch.', () => Date.now() / 1000 - process.uptime())
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed)
  gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'Event loop lag, 99th percentile since the start.',
    () => delay.percentile(99) / 1e9
  )
  return () => delay.disable()
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
