import type { SeriesContext } from './series-table/series-contexts.ts'
import type { SeriesTable } from './series-table/series-table.ts'

/** For each context the one that is derived from it. Thousands of series share one. */
export class DerivedContexts {
  readonly #table: SeriesTable
  readonly #derive: (context: SeriesContext) => SeriesContext
  readonly #ids = new Map<number, number>()
  #removedContexts = 0

  constructor(table: SeriesTable, derive: (context: SeriesContext) => SeriesContext) {
    this.#table = table
    this.#derive = derive
  }

  /** Both by their ids. */
  of(context: number): number {
    const { removedContexts } = this.#table
    // Ids may mean others now.
    if (removedContexts !== this.#removedContexts) this.#ids.clear()
    this.#removedContexts = removedContexts
    const known = this.#ids.get(context)
    if (known !== undefined) return known
    const { metric, resource, scope } = this.#derive(this.#table.context(context))
    const derived = this.#table.contextOf(metric, resource, scope)
    this.#ids.set(context, derived)
    return derived
  }
}
