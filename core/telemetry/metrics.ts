import type { HrTime } from '@opentelemetry/api'
import type { CollectionResult, DataPoint, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics'

const SCOPE = { name: 'weir' }

export type Labels = Readonly<Record<string, string>>

/** A metric of Weir's own, read when somebody looks. Names follow Prometheus: counters end in `_total`. */
export interface MetricFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge'
  readonly help: string
  read(): Iterable<{ readonly labels: Labels; readonly value: number }>
}

/** A family with its values of one moment, as plain data. */
export interface FamilyValues extends Pick<MetricFamily, 'name' | 'type' | 'help'> {
  readonly values: readonly { readonly labels: Labels; readonly value: number }[]
}

/** A family as one component added it. */
interface Part {
  readonly family: MetricFamily
  readonly added: HrTime
}

/**
 * All metrics of the process, for Prometheus and for OTLP alike. A producer of the OpenTelemetry SDK, and not its
 * instruments: those can never be taken away, and go on exporting the last value of a component that is gone. The SDK
 * is loaded when somebody first looks, for that takes a tenth of a second.
 */
export class Metrics implements MetricProducer {
  #parts = new Map<string, Part[]>()

  /**
   * Adds to a family of the same name: components of one type share theirs. Returns a function that removes it again.
   */
  add(family: MetricFamily): () => void {
    const { name } = family
    const part = { family, added: now() }
    this.#parts.set(name, [...(this.#parts.get(name) ?? []), part])
    return () => {
      const left = (this.#parts.get(name) ?? []).filter(other => other !== part)
      if (left.length > 0) this.#parts.set(name, left)
      else this.#parts.delete(name)
    }
  }

  /** All families, with their values of this moment. */
  values(): FamilyValues[] {
    return [...this.#parts.values()].map(parts => {
      const { name, type, help } = parts[0].family
      return { name, type, help, values: parts.flatMap(({ family }) => [...family.read()]) }
    })
  }

  /** The same in OpenTelemetry's form. */
  async collect(): Promise<CollectionResult> {
    const [{ ValueType }, { AggregationTemporality, DataPointType }, { emptyResource }] = await Promise.all([
      import('@opentelemetry/api'),
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/resources')
    ])
    const endTime = now()
    const metrics = [...this.#parts.values()].map(parts => {
      const { name, help, type } = parts[0].family
      const data = {
        descriptor: { name, description: help, unit: '', valueType: ValueType.DOUBLE },
        aggregationTemporality: AggregationTemporality.CUMULATIVE,
        dataPoints: pointsOf(parts, endTime)
      }
      const sum: MetricData = { ...data, dataPointType: DataPointType.SUM, isMonotonic: true }
      const gauge: MetricData = { ...data, dataPointType: DataPointType.GAUGE }
      return type === 'counter' ? sum : gauge
    })
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: SCOPE, metrics }] }, errors: [] }
  }

  /** Prometheus text exposition format 0.0.4. */
  async toPrometheusText(): Promise<string> {
    const { PrometheusSerializer } = await import('@opentelemetry/exporter-prometheus')
    const [resourceLabels, withoutTargetInfo, withoutScopeInfo] = [undefined, true, true]
    const serializer = new PrometheusSerializer('', false, resourceLabels, withoutTargetInfo, withoutScopeInfo)
    const { resourceMetrics } = await this.collect()
    return serializer.serialize(resourceMetrics)
  }
}

/** One a series: while a reload replaces a component, its successor is there beside it, and is the one that counts. */
function pointsOf(parts: readonly Part[], endTime: HrTime): DataPoint<number>[] {
  const points = new Map<string, DataPoint<number>>()
  for (const { family, added } of parts)
    for (const { labels, value } of family.read())
      points.set(JSON.stringify(labels), { startTime: added, endTime, attributes: labels, value })
  return [...points.values()]
}

function now(): HrTime {
  const ms = Date.now()
  return [Math.trunc(ms / 1000), (ms % 1000) * 1e6]
}
