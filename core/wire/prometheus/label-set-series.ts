import type { Attribute, Attributes } from '../../model/attributes.ts'
import {
  ITEM_FLAWS,
  type ItemFlaw,
  type ItemLimits,
  measureAll,
  measureAttributes,
  measureName
} from '../../model/item-limits.ts'
import type { NewSeries } from '../../model/new-series.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE, type Resource } from '../../model/series.ts'
import { sharedBytes } from '../../model/shared-bytes.ts'
import { kindOfNumbers, type MetricType } from './metric-types.ts'

/** The labels by which Prometheus identifies a target, and the resource attributes that they become. */
const TARGET_LABELS: ReadonlyMap<string, string> = new Map([
  ['instance', 'service.instance.id'],
  ['job', 'service.name']
])

/** Faults of a label set, in words that follow "3 points". */
export const LABEL_FLAWS = {
  ...ITEM_FLAWS,
  unnamed_metric: 'without the label __name__',
  duplicate_label: 'with two labels of one name',
  empty_label_name: 'with a label whose name is empty',
  invalid_utf8: 'with labels that are not UTF-8'
}
export type LabelFlaw = keyof typeof LABEL_FLAWS | ItemFlaw

/** The content of a series' points. Histograms are those of native histograms with custom buckets. */
export type SeriesContent = 'number' | 'exponential_histogram' | 'histogram'

/**
 * Series of Prometheus' label sets, by the "Prometheus and OpenMetrics compatibility" specification: `job` and `instance`
 * are the resource, all other labels are attributes. The name stays as it is. The unit is a part of the name already.
 */
export class LabelSetSeries {
  readonly #newSeries: NewSeries
  readonly #limits: ItemLimits

  constructor(newSeries: NewSeries, limits: ItemLimits) {
    this.#newSeries = newSeries
    this.#limits = limits
  }

  /**
   * The id of a label set's series, or why there can be none.
   * @param labels with `__name__`, in any order; empty values count as missing
   */
  idOf(labels: readonly Attribute[], type: MetricType, content: SeriesContent, help = ''): number | LabelFlaw {
    const sorted = labels.toSorted(byName)
    let name = ''
    const attributes: Attribute[] = []
    const target: Attribute[] = []
    for (const [i, label] of sorted.entries()) {
      const [key, value] = label
      if (key === '') return 'empty_label_name'
      if (i > 0 && sorted[i - 1][0] === key) return 'duplicate_label'
      const resourceKey = TARGET_LABELS.get(key)
      if (value === '') continue
      if (key === '__name__') name = String(value)
      else if (resourceKey === undefined) attributes.push(label)
      else target.push([resourceKey, value])
    }
    if (name === '') return 'unnamed_metric'
    return this.#receive(metricOf(name, type, content, help), attributes, target)
  }

  #receive(metric: Metric, attributes: Attributes, target: Attributes): number | ItemFlaw {
    const limits = this.#limits
    const length = measureAll(
      limits,
      measureName(metric.name, limits),
      measureAttributes(target, limits),
      measureAttributes(attributes, limits)
    )
    if (typeof length === 'string') return length
    const resource: Resource = target.length === 0 ? NO_RESOURCE : { attributes: target, schemaUrl: '' }
    const { table } = this.#newSeries
    // Nobody knows if the context is new, so the sender pays for one each time.
    this.#newSeries.add(sharedBytes(target, metric.name, metric.description))
    return this.#newSeries.receiveIn(table.contextOf(metric, resource, NO_SCOPE), attributes)
  }
}

function metricOf(name: string, type: MetricType, content: SeriesContent, description: string): Metric {
  const kind = content === 'number' ? kindOfNumbers(name, type) : content
  return { name, unit: '', description, kind, temporality: kind === 'gauge' ? 'unspecified' : 'cumulative' }
}

const byName = (a: Attribute, b: Attribute) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)
