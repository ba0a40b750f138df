import type { Attributes } from '../attributes.ts'
import { type Metric, type Resource, type Scope, seriesKey } from '../series.ts'
import type { SeriesContext } from './series-contexts.ts'

/** A series of a table, as an object over its entry there. */
export class SeriesView<Table> {
  /** Dense and small, for indexing arrays. */
  readonly id: number
  readonly table: Table
  readonly metric: Metric
  readonly resource: Resource
  readonly scope: Scope
  readonly #readAttributes: () => Attributes
  #attributes: Attributes | undefined
  #key: string | undefined

  /** @param readAttributes called when they are first asked for */
  constructor(id: number, table: Table, context: SeriesContext, readAttributes: () => Attributes) {
    this.id = id
    this.table = table
    this.metric = context.metric
    this.resource = context.resource
    this.scope = context.scope
    this.#readAttributes = readAttributes
  }

  get attributes(): Attributes {
    return (this.#attributes ??= this.#readAttributes())
  }

  /** Equal exactly when the identity is; stable across processes. The description is not part of it. */
  get key(): string {
    return (this.#key ??= seriesKey(this.metric, this.attributes, this.resource, this.scope))
  }
}
