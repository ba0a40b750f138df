import type { IdColumn } from '../../model/series-table/id-column.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesContext } from '../../model/series-table/series-contexts.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { LabelOptions, Labels } from './labels.ts'
import { NumberLabels } from './number-labels.ts'
import type { Samples } from './samples.ts'

/** Gives equal labels one id. */
export interface LabelSetIds {
  /**
   * @param isDerived true if the labels are those of a series that Weir has made
   * @param series set if that has no others
   * @param isPattern see `NumberLabelSet`
   */
  idOf(labels: Labels, isDerived: boolean, series?: Series, isPattern?: boolean): number
  /** That of the labels of a series, if they are like those of earlier ones but for values; or {@link UNKNOWN}. */
  idLike(series: number): number
}

/** The label sets of series of numbers. Each has one. */
export class NumberStreams {
  readonly #table: SeriesTable
  readonly #labels: NumberLabels
  readonly #ids: LabelSetIds
  /** By id of the series. */
  readonly #sets: IdColumn
  /** By id of a label set: the id that it got while a block was translated. */
  readonly #relabelled = new Map<number, number>()

  constructor(table: SeriesTable, options: LabelOptions, ids: LabelSetIds) {
    this.#table = table
    this.#labels = new NumberLabels(options)
    this.#ids = ids
    this.#sets = table.idColumn(UNKNOWN)
  }

  /** True if the series has a label set. */
  has(series: number): boolean {
    return this.#sets.get(series) !== UNKNOWN
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
    const like = this.#ids.idLike(id)
    if (like !== UNKNOWN) return like
    const series = this.#table.read(id)
    const { labels, isPattern } = this.#labels.of(series.attributes, context, name)
    return this.#ids.idOf(labels, this.#table.originOf(id) === 'made', series, isPattern)
  }
}
