import type { Attribute } from '../../model/attributes.ts'
import type { Temporality } from '../../model/series.ts'
import { IdColumn } from '../../model/series-table/id-column.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { formatDuration } from '../../schema/units.ts'
import type { PlannedOutput } from '../aggregations/plan.ts'
import type { Groups } from '../groups/groups.ts'
import type { SizedWindows, WindowSize } from '../panes/window-size.ts'
import type { RuleSettings } from '../settings.ts'
import { OutputNames } from './output-names.ts'
import { SeriesMaker } from './series-maker.ts'

const LATE: Attribute = ['late', 'true']

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
    const names = new OutputNames(rule.name, rule.aggregations === undefined)
    const reserved = reservedNames(rule, outputs)
    const makerOf = (stream: OutputStream, output: number) =>
      new SeriesMaker(groups, series, { stream, planned: outputs[output], names, reserved })
    const stream = ({ sizeMs, everyMs, attributes }: SizedWindows, ...more: Attribute[]) => {
      const window = windowText({ sizeMs, everyMs })
      return new OutputStream('delta', window, [[rule.windowAttribute, window], ...attributes, ...more], makerOf)
    }
    this.totals = new OutputStream('cumulative', '', [], makerOf)
    this.windows = sizes.map(size => stream(size))
    this.late = sizes.map(size => stream(size, LATE))
    series.addHolder(this)
  }

  expire(slot: number): void {
    for (const stream of this.#streams) stream.expire(slot)
  }

  /** Calls `hold` with the ids of all series. */
  *holdIds(hold: (id: number) => void): Stepwise<void> {
    for (const stream of this.#streams) yield* stream.holdIds(hold)
  }

  get #streams(): readonly OutputStream[] {
    return [this.totals, ...this.windows, ...this.late]
  }
}

/** Names of attributes that outputs need themselves. */
export function reservedNames(rule: RuleSettings, outputs: readonly PlannedOutput[]): ReadonlySet<string> {
  const ofSizes = rule.windows.flatMap(({ attributes = [] }) => attributes.map(([key]) => key))
  const ofWindows = rule.output.includes('delta') ? [rule.windowAttribute, 'late', ...ofSizes] : []
  const ofOutputs = outputs.flatMap(({ output: { attribute } }) => (attribute === undefined ? [] : [attribute[0]]))
  return new Set([...ofWindows, ...ofOutputs])
}

/** The ids of the series of all groups for one purpose: as totals, or in windows of one size. */
export class OutputStream {
  readonly temporality: Temporality
  readonly window: string
  readonly added: readonly Attribute[]
  /** By output and slot: ids. */
  #ids: IdColumn[] = []
  /** By output. */
  #makers: (SeriesMaker | undefined)[] = []
  #makerOf: (output: number) => SeriesMaker

  constructor(
    temporality: Temporality,
    window: string,
    added: readonly Attribute[],
    makerOf: (stream: OutputStream, output: number) => SeriesMaker
  ) {
    this.temporality = temporality
    this.window = window
    this.added = added
    this.#makerOf = output => makerOf(this, output)
  }

  /** @param output index into the outputs of the rule */
  of(slot: number, output: number): number {
    const ids = (this.#ids[output] ??= new IdColumn(UNKNOWN))
    const known = ids.get(slot)
    if (known !== UNKNOWN) return known
    const maker = (this.#makers[output] ??= this.#makerOf(output))
    const id = maker.make(slot)
    ids.set(slot, id)
    return id
  }

  expire(slot: number): void {
    for (const ids of this.#ids) ids?.clear(slot)
  }

  *holdIds(hold: (id: number) => void): Stepwise<void> {
    for (const ids of this.#ids) if (ids !== undefined) yield* ids.eachInSteps(hold)
  }
}
