import { formatDuration } from '../../config/units.ts'
import { type Attribute, type Attributes, sortAttributes } from '../../model/attributes.ts'
import type { Metric, Series, SeriesRegistry, Temporality } from '../../model/series.ts'
import { AGGREGATIONS, type Aggregation } from '../aggregations/aggregation.ts'
import type { GroupKind, Groups } from '../groups/groups.ts'
import type { Level, WindowSize } from '../panes/window-size.ts'
import type { RuleSettings } from '../settings.ts'
import { OutputNames } from './output-names.ts'

const LATE: Attribute = ['late', 'true']
/** Of attributes that came in under a name which the output needs itself. */
const RENAMED = 'exported_'
/** One for each aggregation, one for histograms whose buckets are exponential, and then one for each quantile. */
const INDEX = Object.fromEntries(AGGREGATIONS.map((one, i) => [one, i])) as Readonly<Record<Aggregation, number>>
const EXPONENTIAL = AGGREGATIONS.length
const FIRST_QUANTILE = EXPONENTIAL + 1

/** What stands in the attribute of windows: `10s`, or `5m/1m` where one of five minutes ends each minute. */
export function windowText({ sizeMs, everyMs }: WindowSize): string {
  const size = formatDuration(sizeMs)
  return everyMs === sizeMs ? size : `${size}/${formatDuration(everyMs)}`
}

/** The output series of groups, made when first needed. */
export class Outputs {
  readonly totals: Line
  /** By level. */
  readonly windows: readonly Line[]
  readonly late: readonly Line[]

  constructor(levels: readonly Level[], groups: Groups, series: SeriesRegistry, rule: RuleSettings) {
    const shared = new SeriesMaker(groups, series, rule)
    const line = ({ size, every, attributes }: Level, ...more: Attribute[]) => {
      const window = windowText({ sizeMs: size, everyMs: every })
      return new Line(shared, 'delta', window, [[rule.windowAttribute, window], ...attributes, ...more])
    }
    this.totals = new Line(shared, 'cumulative', '', [])
    this.windows = levels.map(level => line(level))
    this.late = levels.map(level => line(level, LATE))
  }

  forget(slot: number): void {
    for (const line of [this.totals, ...this.windows, ...this.late]) line.forget(slot)
  }
}

/** What all groups are sent as in one place: as totals, or in windows of one size. */
export class Line {
  readonly temporality: Temporality
  readonly window: string
  readonly added: readonly Attribute[]
  #maker: SeriesMaker
  /** By output and slot. */
  #series: (Series | undefined)[][] = []
  /** By output and the group's metric: thousands of groups share one. */
  #metrics: WeakMap<Metric, Metric>[] = []

  constructor(maker: SeriesMaker, temporality: Temporality, window: string, added: readonly Attribute[]) {
    this.#maker = maker
    this.temporality = temporality
    this.window = window
    this.added = added
  }

  of(slot: number, aggregation: Aggregation): Series {
    return this.#of(slot, aggregation, INDEX[aggregation], undefined)
  }

  histogram(slot: number, isExponential: boolean): Series {
    return this.#of(slot, 'histogram', isExponential ? EXPONENTIAL : INDEX.histogram, undefined)
  }

  /** @param i its place among the rule's quantiles */
  quantile(slot: number, i: number, quantile: number): Series {
    return this.#of(slot, 'quantiles', FIRST_QUANTILE + i, quantile)
  }

  forget(slot: number): void {
    for (const series of this.#series) if (series !== undefined) series[slot] = undefined
  }

  #of(slot: number, aggregation: Aggregation, output: number, quantile: number | undefined): Series {
    const series = (this.#series[output] ??= [])
    const known = series[slot]
    if (known !== undefined) return known
    const metrics = (this.#metrics[output] ??= new WeakMap())
    return (series[slot] = this.#maker.make(slot, this, aggregation, output === EXPONENTIAL, quantile, metrics))
  }
}

class SeriesMaker {
  #groups: Groups
  #series: SeriesRegistry
  #names: OutputNames
  #reserved: ReadonlySet<string>

  constructor(groups: Groups, series: SeriesRegistry, rule: RuleSettings) {
    this.#groups = groups
    this.#series = series
    this.#names = new OutputNames(rule.name, rule.aggregations === undefined)
    const ofSizes = rule.windows.flatMap(({ attributes = [] }) => attributes.map(([key]) => key))
    const ofWindows = rule.output.includes('delta') ? [rule.windowAttribute, 'late', ...ofSizes] : []
    const ofQuantiles = rule.aggregations?.includes('quantiles') ? ['quantile'] : []
    this.#reserved = new Set([...ofWindows, ...ofQuantiles])
  }

  make(
    slot: number,
    line: Line,
    aggregation: Aggregation,
    isExponential: boolean,
    quantile: number | undefined,
    metrics: WeakMap<Metric, Metric>
  ): Series {
    const { metric, attributes, resource, scope } = this.#groups.identityOf(slot)
    let output = metrics.get(metric)
    if (output === undefined) {
      output = this.#metric(metric, this.#groups.kindOf(slot), line, aggregation, isExponential)
      metrics.set(metric, output)
    }
    const added = quantile === undefined ? line.added : [...line.added, ['quantile', String(quantile)] as const]
    return this.#series.intern(output, this.#attributes(attributes, added), resource, scope)
  }

  #metric(metric: Metric, kind: GroupKind, line: Line, aggregation: Aggregation, isExponential: boolean): Metric {
    const name = this.#names.of(metric.name, kind, aggregation, line.window)
    const { temporality } = line
    // Of events the unit is that of their number.
    const unit = kind === 'event' ? '' : metric.unit
    switch (aggregation) {
      case 'sum':
        // Where values may be negative their sum is no counter.
        return { ...metric, name, kind: kind === 'counter' ? kind : 'up_down_counter', unit, temporality }
      case 'count':
        return { ...metric, name, kind: 'counter', unit: kind === 'event' ? metric.unit : '', temporality }
      case 'histogram':
        return { ...metric, name, kind: isExponential ? 'exponential_histogram' : 'histogram', unit, temporality }
      case 'unique':
        return { ...metric, name, kind: 'set', unit: '', temporality }
      default:
        return { ...metric, name, kind: 'gauge', unit, temporality: 'unspecified' }
    }
  }

  #attributes(attributes: Attributes, added: readonly Attribute[]): Attributes {
    if (!attributes.some(([key]) => this.#reserved.has(key)))
      return added.length === 0 ? attributes : sortAttributes([...attributes, ...added])
    const own = attributes.map(([key, value]): Attribute => [this.#reserved.has(key) ? RENAMED + key : key, value])
    return sortAttributes([...own, ...added])
  }
}
