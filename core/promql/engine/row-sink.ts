import type { Labels } from '../labels.ts'
import { rowHistogramSamples } from './histogram-samples.ts'
import { newRow, type Query } from './query.ts'
import type { Row } from './rows.ts'
import type { Times } from './times.ts'

/** Where selectors and range functions leave their rows, one after the other. */
export interface RowSink {
  /** An empty row to be filled. The one before it may be reused. */
  next(labels: Labels, dropName: boolean): Row
  /** Takes that row, which has samples. */
  take(row: Row): void
}

/** Keeps all rows that have samples. */
export class CollectedRows implements RowSink {
  readonly rows: Row[] = []
  readonly #query: Query
  readonly #times: Times
  /** The last row, if it was not taken. It is empty. */
  #spare: Row | undefined

  constructor(query: Query, times: Times) {
    this.#query = query
    this.#times = times
  }

  next(labels: Labels, dropName: boolean): Row {
    const { values, kinds } = this.#spare ?? newRow(this.#query, this.#times, labels, dropName)
    this.#spare = { labels, dropName, values, kinds, histograms: undefined }
    return this.#spare
  }

  take(row: Row): void {
    this.#query.budget.take(rowHistogramSamples(row))
    this.rows.push(row)
    this.#spare = undefined
  }
}
