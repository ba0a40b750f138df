import { isUtf8 } from 'node:buffer'
import { type Attributes, NO_ATTRIBUTES } from '../../model/attributes.ts'
import type { MemberSet } from '../../model/distribution.ts'
import {
  DEFAULT_LIMITS,
  type ItemFlaw,
  type ItemLimits,
  measureAll,
  measureAttributes,
  measureName
} from '../../model/item-limits.ts'
import { NewSeries } from '../../model/new-series.ts'
import { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../model/points.ts'
import type { Metric, Resource, Scope } from '../../model/series.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { sharedBytes } from '../../model/shared-bytes.ts'
import { checkSize } from '../decoded-size.ts'
import { readJson } from '../json.ts'
import { CLIENT_ATTRIBUTES, clientNumberOf } from './client-number.ts'
import type { DecodedMetrics, JsonDecoderOptions } from './decoded-metrics.ts'
import { ExemplarEvents, NO_EXEMPLARS } from './exemplar-events.ts'
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
import { INT32, JsonFields, type JsonObject, UINT32 } from './json-fields.ts'
import {
  jsonAttributes,
  jsonExemplar,
  jsonExponentialHistogram,
  jsonHistogram,
  jsonKeyValue,
  jsonNumber,
  jsonScope,
  jsonSummary,
  jsonTime
} from './json-values.ts'
import { memberSet } from './member-sets.ts'

const DATA_KEYS: readonly (readonly [key: string, field: DataField])[] = [
  ['gauge', GAUGE],
  ['sum', SUM],
  ['histogram', HISTOGRAM],
  ['exponentialHistogram', EXPONENTIAL_HISTOGRAM],
  ['summary', SUMMARY]
]

/**
 * Decodes an ExportMetricsServiceRequest in JSON; everything as {@link OtlpMetricsDecoder} does it.
 *
 * @param receivedAt Unix ms. Throws {@link BadInputError} with the JSON path and the value seen.
 */
export function decodeMetricsJson(
  body: Buffer,
  registry: SeriesTable,
  receivedAt: number,
  {
    maxBytes = Number.POSITIVE_INFINITY,
    limits = DEFAULT_LIMITS,
    memory,
    wantsExemplars = true,
    takesClientNumber = false
  }: JsonDecoderOptions = {}
): DecodedMetrics {
  const decoder = new JsonDecoder(registry, receivedAt, { maxBytes, limits, wantsExemplars, takesClientNumber })
  const decoded = readJson(body.toString(), request => decoder.decode(request), memory)
  // Their places in the body are not known any more.
  return isUtf8(body) ? decoded : { ...decoded, replacedTexts: decoded.replacedTexts + 1 }
}

class JsonDecoder {
  #newSeries: NewSeries
  #receivedAt: number
  #maxBytes: number
  #fields = new JsonFields()
  #builder = new PointBlockBuilder()
  #rejections = new OtlpRejections()
  #resource!: Resource
  #scope!: Scope
  #metric!: Metric
  #limits: ItemLimits
  /** Undefined if they are only counted. */
  #exemplars: ExemplarEvents | undefined
  #exemplarCount = 0
  /** Length of names and values of the current resource, scope and metric, or the reason why there are too many. */
  #resourceLength: number | ItemFlaw = 0
  #scopeLength: number | ItemFlaw = 0

  #takesClientNumber: boolean

  constructor(
    registry: SeriesTable,
    receivedAt: number,
    { maxBytes, limits, wantsExemplars, takesClientNumber }: Required<Omit<JsonDecoderOptions, 'memory'>>
  ) {
    this.#takesClientNumber = takesClientNumber
    this.#limits = limits
    this.#newSeries = new NewSeries(registry, maxBytes)
    this.#receivedAt = receivedAt
    this.#maxBytes = maxBytes
    this.#exemplars = wantsExemplars ? new ExemplarEvents(limits, maxBytes) : undefined
  }

  decode(request: unknown): DecodedMetrics {
    const fields = this.#fields
    const clientNumber = this.#takesClientNumber ? clientNumberOf(request) : undefined
    fields.each(fields.asObject(request), 'resourceMetrics', resourceMetrics => {
      const all = fields.within(resourceMetrics, 'resource', resource => jsonAttributes(fields, resource)) ?? []
      const attributes = clientNumber === undefined ? all : all.filter(([key]) => !CLIENT_ATTRIBUTES.has(key))
      this.#resource = { attributes, schemaUrl: fields.text(resourceMetrics, 'schemaUrl') }
      this.#newSeries.add(sharedBytes(attributes))
      this.#resourceLength = measureAttributes(attributes, this.#limits)
      fields.each(resourceMetrics, 'scopeMetrics', scopeMetrics => this.#scopeMetrics(scopeMetrics))
    })
    return {
      block: this.#builder.build(),
      exemplars: { count: this.#exemplarCount, events: this.#exemplars?.build() ?? NO_EXEMPLARS.events },
      rejections: this.#rejections,
      replacedTexts: fields.replacedTexts,
      newSeriesBytes: this.#newSeries.bytes,
      clientNumber
    }
  }

  #scopeMetrics(scopeMetrics: JsonObject): void {
    const fields = this.#fields
    this.#scope = jsonScope(fields, scopeMetrics)
    this.#newSeries.add(sharedBytes(this.#scope.attributes))
    this.#scopeLength = measureAttributes(this.#scope.attributes, this.#limits)
    fields.each(scopeMetrics, 'metrics', metric => this.#metricData(metric))
  }

  #metricData(metric: JsonObject): void {
    const fields = this.#fields
    const name = fields.text(metric, 'name')
    const [key, field] = DATA_KEYS.find(([key]) => (metric[key] ?? undefined) !== undefined) ?? []
    if (key === undefined || field === undefined) this.#rejections.add('no_data', 0, name)
    else {
      let set: MemberSet | undefined
      if (field === GAUGE)
        fields.each(metric, 'metadata', pair => {
          set ??= memberSet(jsonKeyValue(fields, pair, 0))
        })
      fields.within(metric, key, data => this.#points(metric, name, field, data, set))
    }
  }

  #points(metric: JsonObject, name: string, field: DataField, data: JsonObject, set?: MemberSet): void {
    const fields = this.#fields
    const monotonic = fields.boolean(data, 'isMonotonic')
    const temporality = Number(fields.integer(data, 'aggregationTemporality', INT32))
    const form = set === undefined ? formOf(field, temporality, monotonic) : SETS
    const unit = fields.text(metric, 'unit')
    const description = fields.text(metric, 'description')
    this.#newSeries.add(sharedBytes(NO_ATTRIBUTES, name, unit, description))
    if (form !== undefined) this.#metric = { name, unit, description, kind: form.kind, temporality: form.temporality }
    const flaw = form === undefined ? 'unspecified_temporality' : name === '' ? 'unnamed_metric' : undefined
    fields.each(data, 'dataPoints', point => {
      if (flaw !== undefined) this.#rejections.add(flaw, 1, name)
      else if (field === GAUGE || field === SUM) this.#number(point, set)
      else this.#distribution(point, DISTRIBUTIONS[field](fields, point))
    })
  }

  #number(point: JsonObject, set: MemberSet | undefined): void {
    const value = jsonNumber(this.#fields, point)
    const { series, time, start, flags } = this.#common(point)
    if (value === undefined && flags === 0) this.#rejections.add('no_value', 1, this.#metric.name)
    else if (typeof series === 'string') this.#rejections.add(series, 1, this.#metric.name)
    else {
      if (set === undefined) this.#builder.add(series, time, value ?? Number.NaN, start, flags)
      else {
        checkSize(this.#builder, 0, this.#maxBytes)
        this.#builder.addDistribution(series, time, set, start, flags)
      }
      this.#addExemplars(point, series, time)
    }
  }

  #distribution(point: JsonObject, distribution: OtlpDistribution): void {
    // The tree of the body, and with it the lists, has been paid for.
    checkSize(this.#builder, 0, this.#maxBytes)
    const flaw = flawOf(distribution)
    const { series, time, start, flags } = this.#common(point)
    if (flaw !== undefined) this.#rejections.add(flaw, 1, this.#metric.name)
    else if (typeof series === 'string') this.#rejections.add(series, 1, this.#metric.name)
    else {
      this.#builder.addDistribution(series, time, distribution, start, flags)
      this.#addExemplars(point, series, time, distribution)
    }
  }

  #addExemplars(point: JsonObject, series: Series, time: number, distribution?: OtlpDistribution): void {
    const fields = this.#fields
    fields.each(point, 'exemplars', exemplar => {
      this.#exemplarCount++
      this.#exemplars?.add(series, distribution, time, jsonExemplar(fields, exemplar))
    })
  }

  #series(attributes: Attributes): Series | ItemFlaw {
    const own = [measureName(this.#metric.name, this.#limits), measureAttributes(attributes, this.#limits)]
    const length = measureAll(this.#limits, this.#resourceLength, this.#scopeLength, ...own)
    if (typeof length === 'string') return length
    return this.#newSeries.receive(this.#metric, attributes, this.#resource, this.#scope)
  }

  #common(point: JsonObject) {
    const fields = this.#fields
    return {
      series: this.#series(jsonAttributes(fields, point)),
      time: jsonTime(fields, point, 'timeUnixNano') || this.#receivedAt,
      start: jsonTime(fields, point, 'startTimeUnixNano'),
      flags: Number(fields.integer(point, 'flags', UINT32)) & FLAG_NO_RECORDED_VALUE
    }
  }
}

const DISTRIBUTIONS = {
  [HISTOGRAM]: jsonHistogram,
  [EXPONENTIAL_HISTOGRAM]: jsonExponentialHistogram,
  [SUMMARY]: jsonSummary
}
