import { type Attribute, type Attributes, sortAttributes } from '../../model/attributes.ts'
import type { Metric, Temporality } from '../../model/series.ts'
import { IdColumn } from '../../model/series-table/id-column.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import { formatDuration } from '../../schema/units.ts'
import type { PlannedOutput } from '../aggregations/plan.ts'
import type { Groups } from '../groups/groups.ts'
import type { SizedWindows, WindowSize } from '../panes/window-size.ts'
import type { RuleSettings } from '../settings.ts'
import { OutputNames } from './output-names.ts'

const LATE: Attribute = ['late', 'true']
/** Before the name of an attribute that the output needs itself. */
const RENAMED = 'exported_'

/** The value of a window's attribute: `10s`, or `5m/1m` if one of five minutes ends each minute. */
export function windowText({ sizeMs, everyMs }: WindowSize): string {
  const size = formatDuration(sizeMs)
  return everyMs === sizeMs ? size : `${size}/${formatDuration(everyMs)}`
}

/** The output series of groups, made when first needed. */
export class OutputSeries {
  readonly totals: OutputStream
  /** By window size. */
  readonly windows: readonly OutputStream[]
  readonly late: readonly OutputStream[]

  constructor(
    sizes: readonly SizedWindows[],
    groups: Groups,
    series: SeriesTable,
    rule: RuleSettings,
    outputs: readonly PlannedOutput[]
  ) {
    const shared = new SeriesMaker(groups, series, rule, outputs)
    const stream = ({ sizeMs, everyMs, attributes }: SizedWindows, ...more: Attribute[]) => {
      const window = windowText({ sizeMs, everyMs })
      return new OutputStream(shared, 'delta', window, [[rule.windowAttribute, window], ...attributes, ...more])
    }
    this.totals = new OutputStream(shared, 'cumulative', '', [])
    this.windows = sizes.map(size => stream(size))
    this.late = sizes.map(size => stream(size, LATE))
    series.addHolder(this)
  }

  expire(slot: number): void {
    for (const stream of this.#streams) stream.expire(slot)
  }

  /** Calls `hold` with the ids of all series. */
  holdIds(hold: (id: number) => void): void {
    for (const stream of this.#streams) stream.holdIds(hold)
  }

  get #streams(): readonly OutputStream[] {
    return [this.totals, ...this.windows, ...this.late]
  }
}

/** The ids of the series of all groups for one purpose: as totals, or in windows of one size. */
export class OutputStream {
  readonly temporality: Temporality
  readonly window: string
  readonly added: readonly Attribute[]
  #maker: SeriesMaker
  /** By output and slot: ids. */
  #ids: IdColumn<Uint32Array>[] = []
  /** By output and the group's metric: thousands of groups share one. */
  #metrics: WeakMap<Metric, Metric>[] = []

  constructor(maker: SeriesMaker, temporality: Temporality, window: string, added: readonly Attribute[]) {
    this.#maker = maker
    this.temporality = temporality
    this.window = window
    this.added = added
  }

  /** @param output index into the outputs of the rule */
  of(slot: number, output: number): number {
    const ids = (this.#ids[output] ??= new IdColumn<Uint32Array>(Uint32Array, UNKNOWN))
    const known = ids.get(slot)
    if (known !== UNKNOWN) return known
    const metrics = (this.#metrics[output] ??= new WeakMap())
    const id = this.#maker.make(slot, this, output, metrics)
    ids.set(slot, id)
    return id
  }

  expire(slot: number): void {
    for (const ids of this.#ids) ids?.clear(slot)
  }

  holdIds(hold: (id: number) => void): void {
    for (const ids of this.#ids)
      for (const page of ids?.pages ?? []) if (page !== undefined) for (const id of page) if (id !== UNKNOWN) hold(id)
  }
}

class SeriesMaker {
  #groups: Groups
  #series: SeriesTable
  #names: OutputNames
  #outputs: readonly PlannedOutput[]
  #reserved: ReadonlySet<string>

  constructor(groups: Groups, series: SeriesTable, rule: RuleSettings, outputs: readonly PlannedOutput[]) {
    this.#groups = groups
    this.#series = series
    this.#names = new OutputNames(rule.name, rule.aggregations === undefined)
    this.#outputs = outputs
    const ofSizes = rule.windows.flatMap(({ attributes = [] }) => attributes.map(([key]) => key))
    const ofWindows = rule.output.includes('delta') ? [rule.windowAttribute, 'late', ...ofSizes] : []
    const ofOutputs = outputs.flatMap(({ output: { attribute } }) => (attribute === undefined ? [] : [attribute[0]]))
    this.#reserved = new Set([...ofWindows, ...ofOutputs])
  }

  make(slot: number, stream: OutputStream, output: number, metrics: WeakMap<Metric, Metric>): number {
    const { metric, attributes, resource, scope } = this.#groups.identityOf(slot)
    const planned = this.#outputs[output]
    let made = metrics.get(metric)
    if (made === undefined) metrics.set(metric, (made = this.#metric(metric, slot, stream, planned)))
    const { attribute } = planned.output
    const added = attribute === undefined ? stream.added : [...stream.added, attribute]
    return this.#series.idOf(made, this.#attributes(attributes, added), resource, scope)
  }

  #metric(metric: Metric, slot: number, stream: OutputStream, { aggregation, output }: PlannedOutput): Metric {
    const group = this.#groups.kindOf(slot)
    const name = this.#names.of(metric.name, group, aggregation, stream.window)
    const { kind, unit } = output.shape(metric, group)
    return { ...metric, name, kind, unit, temporality: kind === 'gauge' ? 'unspecified' : stream.temporality }
  }

  #attributes(attributes: Attributes, added: readonly Attribute[]): Attributes {
    if (!attributes.some(([key]) => this.#reserved.has(key)))
      return added.length === 0 ? attributes : sortAttributes([...attributes, ...added])
    const own = attributes.map(([key, value]): Attribute => [this.#reserved.has(key) ? RENAMED + key : key, value])
    return sortAttributes([...own, ...added])
  }
}
