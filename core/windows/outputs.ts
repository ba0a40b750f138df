import { formatDuration } from '../config/units.ts'
import { type Attribute, type Attributes, sortAttributes } from '../model/attributes.ts'
import type { Metric, Series, SeriesRegistry, Temporality } from '../model/series.ts'
import type { Group } from './groups.ts'
import type { Level } from './windows.ts'

const LATE: Attribute = ['late', 'true']

/** The series a group is sent as. `sum` only for events: of their values. */
export interface Output {
  readonly count: Series
  readonly sum: Series | undefined
}

interface OutputMetrics {
  readonly count: Metric
  readonly sum: Metric
  readonly exponential: Metric
}

/** The output series of groups, made when first needed. */
export class Outputs {
  #series: SeriesRegistry
  #totals: Line
  /** By level. */
  #windows: readonly Line[]
  #late: readonly Line[]

  constructor(levels: readonly Level[], series: SeriesRegistry) {
    this.#series = series
    this.#totals = new Line('cumulative', [])
    this.#windows = levels.map(({ size }) => new Line('delta', [['window', formatDuration(size)]]))
    this.#late = levels.map(({ size }) => new Line('delta', [['window', formatDuration(size)], LATE]))
  }

  total(group: Group, isExponential: boolean): Output {
    return this.#totals.of(group, this.#series, isExponential)
  }

  window(group: Group, level: number, late: boolean, isExponential: boolean): Output {
    return (late ? this.#late : this.#windows)[level].of(group, this.#series, isExponential)
  }

  forget(slot: number): void {
    for (const line of [this.#totals, ...this.#windows, ...this.#late]) line.forget(slot)
  }
}

/** What all groups are sent as in one place: as totals, or in windows of one size. */
class Line {
  #temporality: Temporality
  #added: readonly Attribute[]
  #outputs: (Output | undefined)[] = []
  /** Of histograms, where their buckets are exponential. */
  #exponential: (Output | undefined)[] = []
  /** By the group's metric: thousands of groups share one. */
  #metrics = new WeakMap<Metric, OutputMetrics>()

  constructor(temporality: Temporality, added: readonly Attribute[]) {
    this.#temporality = temporality
    this.#added = added
  }

  of(group: Group, series: SeriesRegistry, isExponential: boolean): Output {
    const outputs = isExponential ? this.#exponential : this.#outputs
    return (outputs[group.slot] ??= this.#make(group, series, isExponential))
  }

  forget(slot: number): void {
    this.#outputs[slot] = undefined
    this.#exponential[slot] = undefined
  }

  #make({ base, kind }: Group, series: SeriesRegistry, isExponential: boolean): Output {
    const attributes: Attributes =
      this.#added.length === 0 ? base.attributes : sortAttributes([...base.attributes, ...this.#added])
    const { count, sum, exponential } = this.#metricsOf(base.metric)
    return {
      count: series.intern(isExponential ? exponential : count, attributes, base.resource, base.scope),
      sum: kind === 'event' ? series.intern(sum, attributes, base.resource, base.scope) : undefined
    }
  }

  #metricsOf(metric: Metric): OutputMetrics {
    const known = this.#metrics.get(metric)
    if (known !== undefined) return known
    const temporality = this.#temporality
    const made: OutputMetrics = {
      // Numbers of distinct members do not add up: they are no counter.
      count:
        metric.kind === 'set'
          ? { ...metric, name: `${metric.name}.unique`, kind: 'gauge', unit: '', temporality: 'unspecified' }
          : { ...metric, temporality },
      // Values may be negative, so their sum is no counter.
      sum: { ...metric, name: `${metric.name}.sum`, kind: 'up_down_counter', unit: '', temporality },
      exponential: { ...metric, kind: 'exponential_histogram', temporality }
    }
    this.#metrics.set(metric, made)
    return made
  }
}
