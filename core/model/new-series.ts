import { BadInputError } from '../errors.ts'
import type { Attributes } from './attributes.ts'
import type { ItemFlaw } from './item-limits.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from './series.ts'
import { KeyTable, UNKNOWN } from './series-table/key-table.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'

/** Columns of processors and exporters in which a series has a place, as long as it is in the table. */
const COLUMN_BYTES = 64

/** Adds up the memory of new series, which their sender pays for. */
export class NewSeries {
  bytes = 0
  readonly table: SeriesTable
  readonly #maxBytes: number

  /** @param maxBytes of one request */
  constructor(table: SeriesTable, maxBytes = Number.POSITIVE_INFINITY) {
    this.table = table
    this.#maxBytes = maxBytes
  }

  /**
   * {@link SeriesTable.intern} for a series that was received, counted. Throws {@link BadInputError} `too_large` for more
   * than `maxBytes`.
   */
  receive(metric: Metric, attributes: Attributes, resource = NO_RESOURCE, scope = NO_SCOPE): Series | ItemFlaw {
    const id = this.receiveIn(this.table.contextOf(metric, resource, scope), attributes)
    return typeof id === 'number' ? this.table.at(id) : id
  }

  /** The id of a series of a context that the table has. */
  receiveIn(context: number, attributes: Attributes): number | ItemFlaw {
    const { made } = this.table
    const id = this.table.receive(context, attributes)
    if (id === UNKNOWN) return 'too_many_series'
    if (this.table.made > made) this.addKey(this.table.keyOf(id))
    return id
  }

  /** The attributes of a new series. */
  addKey({ start, end }: { readonly start: number; readonly end: number }): void {
    this.add(KeyTable.bytesOf(end - start) + COLUMN_BYTES)
  }

  /** @param bytes of other new parts: `sharedBytes` */
  add(bytes: number): void {
    this.bytes += bytes
    if (this.bytes > this.#maxBytes)
      throw new BadInputError(
        `series that were not known take more than ${this.#maxBytes} bytes in memory: send less at once, or raise service.limits.in_flight`,
        'too_large'
      )
  }
}
