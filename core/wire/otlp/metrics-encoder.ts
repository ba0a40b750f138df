import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../model/points.ts'
import type { Metric, MetricKind, Resource, Scope, Temporality } from '../../model/series.ts'
import { KeyCursor } from '../../model/series-table/stored-key.ts'
import type { ProtobufWriter } from '../protobuf/writer.ts'
import { writeDistribution } from './distribution-writer.ts'
import { EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, SUM, SUMMARY } from './forms.ts'
import { writeResource, writeScope } from './header-writer.ts'
import { NanosWriter } from './nanos-writer.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// ExportMetricsServiceRequest: resource_metrics 1. ResourceMetrics: resource 1, scope_metrics 2, schema_url 3.
// ScopeMetrics: scope 1, metrics 2, schema_url 3. Metric: name 1, description 2, unit 3, and its data by kind. Data:
// data_points 1, aggregation_temporality 2, is_monotonic 3. All points: start_time_unix_nano 2, time_unix_nano 3.
// NumberDataPoint: as_double 4, flags 8. The bytes of attributes are kept with the field number of the kind.
const DATA: Readonly<Record<MetricKind, number>> = {
  gauge: GAUGE,
  counter: SUM,
  up_down_counter: SUM,
  histogram: HISTOGRAM,
  exponential_histogram: EXPONENTIAL_HISTOGRAM,
  summary: SUMMARY,
  // OTLP has none: the number of members is sent.
  set: GAUGE
}
const TEMPORALITY: Readonly<Record<Temporality, number>> = { unspecified: 0, delta: 1, cumulative: 2 }
const START_TIME = 2
const TIME = 3
const AS_DOUBLE = 4
const FLAGS = 8
const FLAGS_OF_HISTOGRAMS = 10
const DATA_POINTS = 1
/** Of a field of that type: tag and content. */
const FIXED64_BYTES = 9
const FLAGS_BYTES = 2

/** Rows of a block by context, by scope, by resource. */
type Rows = ReadonlyMap<Resource, ReadonlyMap<Scope, ReadonlyMap<number, readonly number[]>>>

/**
 * Writes ExportMetricsServiceRequests. Points of one metric stand together, in their order. Their fields are in the order
 * of most encoders, which decoders are made for: a decoder of Weir takes a third longer for another one.
 */
export class MetricsEncoder {
  readonly #writer: ProtobufWriter
  readonly #start: NanosWriter
  readonly #time: NanosWriter
  readonly #key = new KeyCursor()

  constructor(writer: ProtobufWriter) {
    this.#writer = writer
    this.#start = new NanosWriter(writer)
    this.#time = new NanosWriter(writer)
  }

  /** The bytes are valid until the writer is used again. */
  encode(block: PointBlock): Uint8Array {
    const writer = this.#writer
    writer.reset()
    for (const [resource, scopes] of rowsOf(block))
      writer.nested(1, () => {
        writeResource(writer, resource)
        for (const [scope, contexts] of scopes)
          writer.nested(2, () => {
            writeScope(writer, scope)
            for (const [context, rows] of contexts)
              this.#metric(block, block.series.table.context(context).metric, rows)
          })
      })
    return writer.finish()
  }

  #metric(block: PointBlock, metric: Metric, rows: readonly number[]): void {
    const writer = this.#writer
    const { name, description, unit, kind, temporality } = metric
    const field = DATA[kind]
    writer.nested(2, () => {
      writer.string(1, name)
      if (description !== '') writer.string(2, description)
      if (unit !== '') writer.string(3, unit)
      writer.nested(field, () => {
        for (const row of rows)
          if (field === GAUGE || field === SUM) this.#number(block, row)
          else writer.nested(DATA_POINTS, () => this.#distribution(block, row, kind))
        if (field !== GAUGE && field !== SUMMARY) writer.integer(2, TEMPORALITY[temporality])
        if (kind === 'counter') writer.integer(3, 1)
      })
    })
  }

  /** Its size is known before, so that nothing of it has to move. */
  #number({ series, time, start, value, flags }: PointBlock, row: number): void {
    const writer = this.#writer
    const attributes = series.table.keyOf(series.ids[row], this.#key)
    const hasStart = start[row] !== 0
    const ended = (flags[row] & FLAG_NO_RECORDED_VALUE) !== 0
    const size = (hasStart ? FIXED64_BYTES : 0) + FIXED64_BYTES + (ended ? FLAGS_BYTES : FIXED64_BYTES)
    writer.open(DATA_POINTS, size + attributes.end - attributes.start)
    if (hasStart) this.#start.write(START_TIME, start[row])
    this.#time.write(TIME, time[row])
    if (!ended) writer.double(AS_DOUBLE, value[row])
    writer.copy(attributes.view, attributes.start, attributes.end)
    if (ended) writer.integer(FLAGS, FLAG_NO_RECORDED_VALUE)
  }

  #distribution({ series, time, start, flags, distributions }: PointBlock, row: number, kind: MetricKind): void {
    const writer = this.#writer
    if (start[row] !== 0) this.#start.write(START_TIME, start[row])
    this.#time.write(TIME, time[row])
    const attributes = series.table.keyOf(series.ids[row], this.#key)
    writer.copy(attributes.view, attributes.start, attributes.end)
    const distribution = distributions.get(row)
    if ((flags[row] & FLAG_NO_RECORDED_VALUE) !== 0)
      writer.integer(kind === 'summary' ? FLAGS : FLAGS_OF_HISTOGRAMS, FLAG_NO_RECORDED_VALUE)
    else if (distribution?.kind === kind) writeDistribution(writer, distribution)
  }
}

function rowsOf({ series, length }: PointBlock): Rows {
  const { table, ids } = series
  const resources = new Map<Resource, Map<Scope, Map<number, number[]>>>()
  const byContext = new Map<number, number[]>()
  for (let i = 0; i < length; i++) {
    const context = table.contextIdOf(ids[i])
    const known = byContext.get(context)
    if (known === undefined) byContext.set(context, [i])
    else known.push(i)
  }
  for (const [context, rows] of byContext) {
    const { resource, scope } = table.context(context)
    const scopes = resources.get(resource) ?? new Map<Scope, Map<number, number[]>>()
    const contexts = scopes.get(scope) ?? new Map<number, number[]>()
    resources.set(resource, scopes)
    scopes.set(scope, contexts)
    contexts.set(context, rows)
  }
  return resources
}
