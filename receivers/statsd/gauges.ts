import { PagedColumn } from '../../core/model/series-table/id-column.ts'
import type { IdHolder } from '../../core/model/series-table/id-lifetimes.ts'
import { restoreSeries, type SavedSeries, type SeriesTable, saveSeries } from '../../sdk/plugin/index.ts'
import type { LineTable } from './line-table.ts'

/** A gauge that nobody sends is forgotten after so many restarts. */
const MOST_RESTARTS = 10

export interface SavedGauge {
  readonly series: SavedSeries
  readonly level: number
  /** Restarts since it was last sent. */
  readonly restarts: number
}

/** Last values of gauges, which later lines may move. By series: lines that differ in rate set the same gauge. */
export class Gauges implements IdHolder {
  readonly #table: SeriesTable
  readonly #lines: LineTable
  readonly #levels = new PagedColumn(Float64Array)
  /** Restarts of gauges that came with the last one, by series. */
  readonly #restored = new Map<number, number>()

  constructor(table: SeriesTable, lines: LineTable) {
    this.#table = table
    this.#lines = lines
    table.addColumn(this.#levels)
    table.addHolder(this)
  }

  /** 0 for one that is not known. */
  get(series: number): number {
    return this.#levels.get(series)
  }

  set(series: number, level: number): void {
    this.#levels.set(series, level)
  }

  holdIds(hold: (id: number) => void): void {
    for (const id of this.#restored.keys()) hold(id)
  }

  save(): SavedGauge[] {
    const sent = new Set(this.#lines.gauges())
    const saved: SavedGauge[] = Array.from(sent, id => this.#save(id, 0))
    for (const [id, restarts] of this.#restored) if (!sent.has(id)) saved.push(this.#save(id, restarts))
    return saved
  }

  restore(saved: readonly SavedGauge[]): void {
    for (const { series, level, restarts } of saved) {
      if (restarts >= MOST_RESTARTS) continue
      const { id } = restoreSeries(series, this.#table)
      this.#levels.set(id, level)
      this.#restored.set(id, restarts + 1)
    }
  }

  #save(id: number, restarts: number): SavedGauge {
    return { series: saveSeries(this.#table.read(id)), level: this.#levels.get(id), restarts }
  }
}
