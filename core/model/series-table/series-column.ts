import type { Metric } from '../series.ts'
import type { Lease } from './id-lifetimes.ts'
import type { Series, SeriesTable } from './series-table.ts'

/** The series of points, by their ids in a table. It is as immutable as its block. */
export class SeriesColumn implements Iterable<Series> {
  readonly table: SeriesTable
  readonly ids: Uint32Array
  /** Of the epoch in which the oldest of the ids was found: as long as it is kept, they mean what they mean now. */
  readonly lease: Lease

  constructor(table: SeriesTable, ids: Uint32Array, lease: Lease = table.lease) {
    this.table = table
    this.ids = ids
    this.lease = lease
  }

  /** A column of the series of others. All are of one table. */
  static join(columns: readonly SeriesColumn[]): SeriesColumn {
    const ids = new Uint32Array(columns.reduce((length, column) => length + column.ids.length, 0))
    let offset = 0
    for (const column of columns) {
      ids.set(column.ids, offset)
      offset += column.ids.length
    }
    // One without series is of no table.
    const { table } = columns.find(({ length }) => length > 0) ?? columns[0]
    return new SeriesColumn(
      table,
      ids,
      columns
        .filter(column => column.table === table)
        .map(({ lease }) => lease)
        .reduce(olderLease)
    )
  }

  get length(): number {
    return this.ids.length
  }

  /** The series of point `i`. There is one object for each series, as long as anybody keeps it. */
  at(i: number): Series {
    return this.table.at(this.ids[i])
  }

  /** The same for a moment: the object must not be kept. */
  read(i: number): Series {
    return this.table.read(this.ids[i])
  }

  metricOf(i: number): Metric {
    return this.table.metricOf(this.ids[i])
  }

  slice(from: number, to: number): SeriesColumn {
    return new SeriesColumn(this.table, this.ids.subarray(from, to), this.lease)
  }

  /** Other ids in place of these, some of which may be the same. */
  with(ids: Uint32Array): SeriesColumn {
    return new SeriesColumn(this.table, ids, this.lease)
  }

  *[Symbol.iterator](): IterableIterator<Series> {
    for (const id of this.ids) yield this.table.at(id)
  }
}

export const olderLease = (a: Lease, b: Lease) => (a.epoch <= b.epoch ? a : b)
