import { type Attribute, type Attributes, sortAttributes } from '../../model/attributes.ts'
import { eventBytes } from '../../model/block.ts'
import type { Distribution } from '../../model/distribution.ts'
import { EventBlockBuilder } from '../../model/event-builder.ts'
import type { EventBlock } from '../../model/events.ts'
import { type ItemLimits, measureAll, measureAttributes } from '../../model/item-limits.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import { boundText } from '../prometheus/bounds.ts'
import { type LabelOptions, seriesLabels } from '../prometheus/labels.ts'
import { metricName } from '../prometheus/metric-names.ts'
import { EXEMPLAR_EVENT, SERIES_PREFIX } from '../remote-write/exemplars.ts'
import { SPAN_ID, TRACE_ID } from './log-attributes.ts'

/** The names that questions in PromQL have, where nothing else is configured. */
const NAMING: LabelOptions = {
  strategy: 'UnderscoreEscapingWithSuffixes',
  externalLabels: {},
  promoteResourceAttributes: []
}

export interface Exemplar {
  /** Unix ms; 0 if not given. */
  time: number
  value: number
  /** In hexadecimal; empty if not given. */
  traceId: string
  spanId: string
  /** Filtered attributes. */
  attributes: readonly Attribute[]
}

/** The exemplars of a request. */
export interface DecodedExemplars {
  /** Those received. */
  readonly count: number
  /** An event for each that can be taken. */
  readonly events: EventBlock
}

export const NO_EXEMPLARS: DecodedExemplars = { count: 0, events: new EventBlockBuilder().build() }

/**
 * Makes an event of each exemplar, as remote write has them: its value and time, its attributes, and the labels of its
 * series in Prometheus. An exemplar of a histogram with explicit buckets is one of its bucket.
 */
export class ExemplarEvents {
  readonly #limits: ItemLimits
  readonly #maxBytes: number
  readonly #builder = new EventBlockBuilder()
  /** Labels of the series at hand. */
  #series: Series | undefined
  #labels: Attributes = []

  /** @param maxBytes of memory. Exemplars beyond are left out: points are not refused for them */
  constructor(limits: ItemLimits, maxBytes: number) {
    this.#limits = limits
    this.#maxBytes = maxBytes
  }

  /** @param distribution of its point @param pointTime Unix ms */
  add(series: Series, distribution: Distribution | undefined, pointTime: number, exemplar: Exemplar): void {
    const { traceId, spanId, value } = exemplar
    const own: Attribute[] = [...exemplar.attributes]
    if (traceId !== '') own.push([TRACE_ID, traceId])
    if (spanId !== '') own.push([SPAN_ID, spanId])
    // An attribute of its own may be called as a label of the series is here.
    const attributes = sortAttributes([...own, ...this.#labelsOf(series), ...bucketOf(series, distribution, value)])
    const length = measureAll(this.#limits, measureAttributes(attributes, this.#limits))
    const hasRoom = this.#builder.bytes + eventBytes(EXEMPLAR_EVENT, undefined, attributes) <= this.#maxBytes
    if (typeof length === 'number' && hasRoom)
      this.#builder.add(exemplar.time || pointTime, EXEMPLAR_EVENT, attributes, undefined, value)
  }

  build(): EventBlock {
    return this.#builder.build()
  }

  #labelsOf(series: Series): Attributes {
    if (series === this.#series) return this.#labels
    const name: Attribute = [`${SERIES_PREFIX}__name__`, metricName(series.metric, NAMING.strategy)]
    this.#series = series
    this.#labels = [name, ...seriesLabels(series, NAMING).map(([key, text]): Attribute => [SERIES_PREFIX + key, text])]
    return this.#labels
  }
}

/** The name and the label of the bucket that an observation is in. */
function bucketOf({ metric }: Series, distribution: Distribution | undefined, value: number): Attribute[] {
  if (distribution?.kind !== 'histogram' || distribution.bounds.length === 0) return []
  const bound = distribution.bounds.find(bound => value <= bound)
  return [
    [`${SERIES_PREFIX}__name__`, `${metricName(metric, NAMING.strategy)}_bucket`],
    [`${SERIES_PREFIX}le`, bound === undefined ? '+Inf' : boundText(bound)]
  ]
}
