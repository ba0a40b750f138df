import { readKeyValue } from '../../model/any-value.ts'
import type { MemberSet } from '../../model/distribution.ts'
import { DEFAULT_LIMITS } from '../../model/item-limits.ts'
import { NewSeries } from '../../model/new-series.ts'
import { type PointBlock, PointBlockBuilder } from '../../model/points.ts'
import { select } from '../../model/select.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import { checkSize } from '../decoded-size.ts'
import { lengthTag, ProtobufReader } from '../protobuf/reader.ts'
import { DATA_POINTS, scanData } from './data-shape.ts'
import type { DecodedMetrics, DecoderOptions } from './decoded-metrics.ts'
import { DISTRIBUTIONS, type ReadDistribution } from './distribution-points.ts'
import { ExemplarReader } from './exemplar-reader.ts'
import { FieldSpan } from './field-span.ts'
import {
  type DataField,
  EXPONENTIAL_HISTOGRAM,
  flawOf,
  formOf,
  GAUGE,
  HISTOGRAM,
  type OtlpDistribution,
  OtlpRejections,
  SETS,
  SUM,
  SUMMARY
} from './forms.ts'
import {
  HeaderCache,
  METRIC_DESCRIPTION,
  METRIC_NAME,
  METRIC_UNIT,
  type MetricNode,
  RESOURCE,
  type ResourceNode,
  readMetricName,
  SCHEMA_URL,
  SCOPE,
  type ScopeNode
} from './header-cache.ts'
import { memberSet } from './member-sets.ts'
import { PointFields } from './point-fields.ts'
import { SeriesFinder } from './series-finder.ts'
import { UsualPoints } from './usual-points.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/collector/metrics/v1/metrics_service.proto
// ExportMetricsServiceRequest: resource_metrics 1. ResourceMetrics: scope_metrics 2. ScopeMetrics: metrics 2. Metric:
// gauge 5, sum 7, histogram 9, exponential_histogram 10, summary 11, metadata 12. Each of them: data_points 1; where they have them:
// aggregation_temporality 2, is_monotonic 3.
const RESOURCE_METRICS = lengthTag(1)
const SCOPE_METRICS = lengthTag(2)
const METRICS = lengthTag(2)
const METADATA = lengthTag(12)

// Usual bytes of a point on the wire, which set the first size of the columns.
const BYTES_PER_POINT = 128

/**
 * Decodes OTLP ExportMetricsServiceRequest bodies. Times become Unix ms; a point without one gets the time it was
 * received. Integers become numbers. Exemplars become events, fields not known here are passed over. Of a field that
 * must not come twice the last one counts; for messages protobuf would merge them, which no encoder makes use of.
 */
export class OtlpMetricsDecoder {
  readonly #newSeries: NewSeries
  readonly #headers: HeaderCache
  readonly #finder: SeriesFinder
  readonly #maxBytes: number
  readonly #exemplars: ExemplarReader
  readonly #header = new FieldSpan()
  readonly #point = new PointFields()
  readonly #usual: UsualPoints
  #reader = new ProtobufReader(Buffer.alloc(0))
  #builder = new PointBlockBuilder(0)
  #rejections = new OtlpRejections()
  #receivedAt = 0
  /** Of the metric that is read, if it has members. */
  #set: MemberSet | undefined

  constructor(table: SeriesTable, options: DecoderOptions = {}) {
    this.#maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY
    const { limits = DEFAULT_LIMITS } = options
    this.#newSeries = new NewSeries(table, this.#maxBytes)
    this.#headers = new HeaderCache(this.#newSeries, limits, options.hash)
    this.#finder = new SeriesFinder(this.#newSeries, limits)
    this.#usual = new UsualPoints(this.#finder)
    this.#exemplars = new ExemplarReader(limits, this.#maxBytes)
  }

  /**
   * @param wantsExemplars whether to make events of exemplars, and not only to count them
   * @param receivedAt Unix ms. Throws {@link BadInputError} if the body is not protobuf of this shape, or too large.
   */
  decode(body: Buffer, receivedAt: number, wantsExemplars = true): DecodedMetrics {
    this.#newSeries.bytes = 0
    this.#headers.renew()
    this.#receivedAt = receivedAt
    this.#builder = new PointBlockBuilder(Math.ceil(body.length / BYTES_PER_POINT))
    this.#rejections = new OtlpRejections()
    const reader = new ProtobufReader(body)
    this.#reader = reader
    this.#finder.begin(reader)
    this.#exemplars.begin()
    this.#point.discardExemplars()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === RESOURCE_METRICS) this.#resourceMetrics()
      else reader.skip(tag)
    }
    const { block, exemplars } = this.#build(body, wantsExemplars)
    const replacedTexts = this.#headers.takeReplacedTexts() + this.#finder.takeReplacedTexts()
    return { block, exemplars, rejections: this.#rejections, replacedTexts, newSeriesBytes: this.#newSeries.bytes }
  }

  /** The block of all points that have a series, and their exemplars. */
  #build(body: Buffer, wantsExemplars: boolean): Pick<DecodedMetrics, 'block' | 'exemplars'> {
    const { table } = this.#newSeries
    let refused = 0
    const block = this.#builder.buildWith(table, ids =>
      this.#finder.find(ids, (flaw, metric) => {
        refused++
        this.#rejections.add(flaw, 1, metric)
      })
    )
    const exemplars = this.#exemplars.read(body, block, wantsExemplars)
    if (refused === 0) return { block, exemplars }
    const { ids } = block.series
    const kept = new Int32Array(block.length - refused)
    let length = 0
    for (let i = 0; i < block.length; i++) if (ids[i] !== UNKNOWN) kept[length++] = i
    return { block: select(block, kept) as PointBlock, exemplars }
  }

  #resourceMetrics(): void {
    const reader = this.#reader
    const outer = reader.enter()
    this.#header.collect(reader, RESOURCE, SCHEMA_URL)
    const resource = this.#headers.resource(this.#header)
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === SCOPE_METRICS) this.#scopeMetrics(resource)
      else reader.skip(tag)
    }
    reader.leave(outer)
  }

  #scopeMetrics(resource: ResourceNode): void {
    const reader = this.#reader
    const outer = reader.enter()
    this.#header.collect(reader, SCOPE, SCHEMA_URL)
    const scope = this.#headers.scope(resource, this.#header)
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === METRICS) this.#metric(scope)
      else reader.skip(tag)
    }
    reader.leave(outer)
  }

  #metric(scope: ScopeNode): void {
    const reader = this.#reader
    const outer = reader.enter()
    const end = reader.limit
    const field = this.#findData()
    if (field === undefined) this.#rejections.add('no_data', 0, readMetricName(this.#header))
    else this.#data(scope, field)
    reader.limit = end
    reader.leave(outer)
  }

  /** Collects the metric's header, and leaves the reader in its data. The field number, if it is one known here. */
  #findData(): DataField | undefined {
    const reader = this.#reader
    const header = this.#header
    let field: DataField | undefined
    let start = reader.at
    let end = start
    header.begin(reader)
    this.#set = undefined
    while (reader.at < reader.limit) {
      const from = reader.at
      const tag = reader.tag()
      const known = DATA_FIELDS.get(tag)
      if (known !== undefined) {
        const outer = reader.enter()
        field = known
        start = reader.at
        end = reader.limit
        reader.leave(outer)
      } else if (tag === METADATA) this.#set ??= memberSet(readKeyValue(reader, 0))
      else {
        reader.skip(tag)
        if (tag === METRIC_NAME || tag === METRIC_DESCRIPTION || tag === METRIC_UNIT) header.add(reader, from)
      }
    }
    reader.at = start
    reader.limit = end
    return field
  }

  #data(scope: ScopeNode, field: DataField): void {
    const { length } = this.#builder
    const isSet = field === GAUGE && this.#set !== undefined
    const isNumber = field === GAUGE || field === SUM
    const usual = isNumber && !isSet ? this.#usual.read(this.#reader, this.#builder, this.#receivedAt) : undefined
    const shape = usual ?? scanData(this.#reader)
    const form = isSet ? SETS : formOf(field, shape.temporality, shape.monotonic)
    const metric = form && this.#headers.metric(scope, form, this.#header)
    if (metric === undefined || metric.metric.name === '') {
      this.#finder.discardFrom(length)
      this.#builder.length = length
      if (metric === undefined)
        this.#rejections.add('unspecified_temporality', shape.points, readMetricName(this.#header))
      else this.#rejections.add('unnamed_metric', shape.points, '')
      return
    }
    if (!isNumber) this.#distributions(metric, DISTRIBUTIONS[field])
    else if (usual === undefined) this.#numbers(metric)
    this.#finder.endMetric(metric)
  }

  #numbers(metric: MetricNode): void {
    const reader = this.#reader
    const point = this.#point
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag !== DATA_POINTS) {
        reader.skip(tag)
        continue
      }
      const outer = reader.enter()
      point.readNumber(reader)
      reader.leave(outer)
      if (!point.hasValue && point.flags === 0) {
        this.#rejections.add('no_value', 1, metric.metric.name)
        point.discardExemplars()
        continue
      }
      this.#finder.addSpan(point.attributes)
      if (point.hasExemplars) this.#addExemplars()
      if (metric.metric.kind === 'set') this.#addDistribution(this.#set!)
      else this.#builder.addUnnamed(point.time || this.#receivedAt, point.value, point.start, point.flags)
    }
  }

  #distributions(metric: MetricNode, read: ReadDistribution): void {
    const reader = this.#reader
    const point = this.#point
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag !== DATA_POINTS) {
        reader.skip(tag)
        continue
      }
      const outer = reader.enter()
      checkSize(this.#builder, reader.limit - reader.at, this.#maxBytes)
      const distribution = read(reader, point)
      reader.leave(outer)
      const flaw = flawOf(distribution)
      if (flaw !== undefined) {
        this.#rejections.add(flaw, 1, metric.metric.name)
        point.discardExemplars()
        continue
      }
      this.#finder.addSpan(point.attributes)
      if (point.hasExemplars) this.#addExemplars()
      this.#addDistribution(distribution)
    }
  }

  #addDistribution(distribution: OtlpDistribution | MemberSet): void {
    const { time, start, flags } = this.#point
    checkSize(this.#builder, 0, this.#maxBytes)
    this.#builder.addUnnamedDistribution(time || this.#receivedAt, distribution, start, flags)
  }

  /** Those of the point that comes next. */
  #addExemplars(): void {
    this.#exemplars.add(this.#builder.length, this.#point.exemplars)
    this.#point.discardExemplars()
  }
}

const DATA_FIELDS: ReadonlyMap<number, DataField> = new Map(
  ([GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM, SUMMARY] as const).map(field => [lengthTag(field), field])
)
