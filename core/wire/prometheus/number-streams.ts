import type { IdColumn } from '../../model/series-table/id-column.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesContext } from '../../model/series-table/series-contexts.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { LabelOptions, Labels } from './labels.ts'
import { NumberLabels } from './number-labels.ts'
import type { Samples } from './samples.ts'

/**
 * Returns one id for equal labels.
 * @param isDerived true if they are those of a series that Weir has made
 * @param series set if that has no others
 */
export type LabelSetOf = (labels: Labels, isDerived: boolean, series?: Series) => number

/** The label sets of series of numbers. Each has one. */
export class NumberStreams {
  readonly #table: SeriesTable
  readonly #labels: NumberLabels
  readonly #labelSetOf: LabelSetOf
  /** By id of the series. */
  readonly #sets: IdColumn<Uint32Array>
  /** By id of a label set: the id that it got while a block was translated. */
  readonly #relabelled = new Map<number, number>()

  constructor(table: SeriesTable, options: LabelOptions, labelSetOf: LabelSetOf) {
    this.#table = table
    this.#labels = new NumberLabels(options)
    this.#labelSetOf = labelSetOf
    this.#sets = table.column<Uint32Array>(Uint32Array, UNKNOWN)
  }

  /** @param context of the series @param name of the Prometheus metric */
  labelSetOf(series: number, context: SeriesContext, name: string): number {
    const known = this.#sets.get(series)
    if (known !== UNKNOWN) return known
    const set = this.#newSetOf(series, context, name)
    this.#sets.set(series, set)
    return set
  }

  /** The label set of a series has another id. */
  relabel(series: number, set: number): void {
    this.#relabelled.set(this.#sets.get(series), set)
    this.#sets.set(series, set)
  }

  /** To be called before a block is translated. What one that failed has left is not true for ever. */
  begin(): void {
    this.#relabelled.clear()
  }

  /** To be called with all samples of a block: each label set has one id in it. */
  finish({ labels, length }: Samples): void {
    if (this.#relabelled.size === 0) return
    for (let row = 0; row < length; row++) labels[row] = this.#relabelled.get(labels[row]) ?? labels[row]
  }

  /** Calls `hold` with the ids of all label sets. */
  holdIds(hold: (id: number) => void): Stepwise<void> {
    return this.#sets.eachInSteps(hold)
  }

  #newSetOf(id: number, context: SeriesContext, name: string): number {
    const series = this.#table.read(id)
    const labels = this.#labels.of(series.attributes, context, name)
    return this.#table.originOf(id) === 'made'
      ? this.#labelSetOf(labels, true, series)
      : this.#labelSetOf(labels, false)
  }
}
