import type { LoadContract } from './core/plugin/contract-rule.ts'
import type { BuiltIns } from './core/plugin/registry.ts'

/** The components that come with Weir: the one place that knows them all. */
export const builtIns: BuiltIns = {
  receiver: {
    http: () => import('./receivers/http/index.ts'),
    kafka: () => import('./receivers/kafka/index.ts'),
    otlp: () => import('./receivers/otlp/index.ts'),
    prometheus: () => import('./receivers/prometheus/index.ts'),
    prometheus_remote_write: () => import('./receivers/prometheus_remote_write/index.ts'),
    rules: () => import('./receivers/rules/index.ts'),
    statsd: () => import('./receivers/statsd/index.ts')
  },
  processor: {
    batch: () => import('./processors/batch/index.ts'),
    cardinality_limiter: () => import('./processors/cardinality_limiter/index.ts'),
    cumulative_to_delta: () => import('./processors/cumulative_to_delta/index.ts'),
    dedup: () => import('./processors/dedup/index.ts'),
    delta_to_cumulative: () => import('./processors/delta_to_cumulative/index.ts'),
    enrich: () => import('./processors/enrich/index.ts'),
    filter: () => import('./processors/filter/index.ts'),
    memory_limiter: () => import('./processors/memory_limiter/index.ts'),
    rate_limiter: () => import('./processors/rate_limiter/index.ts'),
    rollup: () => import('./processors/rollup/index.ts'),
    sampler: () => import('./processors/sampler/index.ts'),
    transform: () => import('./processors/transform/index.ts'),
    windowed_counter: () => import('./processors/windowed_counter/index.ts')
  },
  exporter: {
    clickhouse: () => import('./exporters/clickhouse/index.ts'),
    debug: () => import('./exporters/debug/index.ts'),
    kafka: () => import('./exporters/kafka/index.ts'),
    prometheus: () => import('./exporters/prometheus/index.ts'),
    statsd: () => import('./exporters/statsd/index.ts'),
    otlp: () => import('./exporters/otlp/index.ts'),
    victoriametrics: () => import('./exporters/victoriametrics/index.ts')
  },
  extension: {
    query_api: () => import('./extensions/query_api/index.ts')
  }
}

/** The contract of plugins, which core does not import: it is part of the SDK. */
export const loadContract: LoadContract = () => import('./sdk/plugin/contract-test.ts')
