import type {
  CatalogRequest,
  EventMatcher,
  FunnelRequest,
  GroupsRequest,
  RetentionRequest
} from '../event-queries/event-store.ts'
import type { Label } from '../promql/labels.ts'
import type { QueryErrorKind } from '../promql/query-error.ts'
import type { SeriesMatchers } from './series-matchers.ts'

/** A question for the thread of queries. Times are Unix ms; `texts` are PromQL. */
export type QueryRequest =
  | { readonly kind: 'query'; readonly text: string; readonly time: number; readonly options: QueryOptions }
  | {
      readonly kind: 'query_range'
      readonly text: string
      readonly start: number
      readonly end: number
      readonly stepMs: number
      readonly options: QueryOptions
    }
  | ({ readonly kind: 'series' | 'labels' | 'tsdb' } & SeriesMatchers)
  | ({ readonly kind: 'label_values'; readonly label: string } & SeriesMatchers)
  | { readonly kind: 'metadata'; readonly metric: string | undefined; readonly limit: number }
  | { readonly kind: 'format_query' | 'parse_query'; readonly text: string }
  | { readonly kind: 'exemplars'; readonly text: string; readonly start: number; readonly end: number }
  | { readonly kind: 'events'; readonly question: EventQuestion }

/** A question about events. `top` is of groups by one attribute. */
export type EventQuestion<M = WrittenMatchers> =
  | ({ readonly kind: 'groups' | 'top' } & GroupsRequest<M>)
  | ({ readonly kind: 'funnel' } & FunnelRequest<M>)
  | ({ readonly kind: 'retention' } & RetentionRequest<M>)
  | ({ readonly kind: 'names' | 'attributes' | 'latest' } & CatalogRequest<M>)

/** Conditions of which all must hold. Selectors are parsed in the thread, for a regular expression may take seconds. */
export interface WrittenMatchers {
  readonly known: readonly EventMatcher[]
  readonly selectors: readonly WrittenSelector[]
}

export interface WrittenSelector {
  /** The parameter that has it, for messages. */
  readonly parameter: string
  /** Such as `signup{plan="pro"}`. */
  readonly text: string
}

export interface QueryOptions {
  /** Series of the answer, 0 for all; more are cut off with a warning. */
  readonly limit: number
  /** How far an instant selector looks back; undefined: as configured. */
  readonly lookbackMs: number | undefined
  /** Whether the answer has statistics. */
  readonly stats: boolean
}

/** Labels that all series of the answer must have, such as the tenant's; attributes if the question is about events. */
export type RequiredLabels = readonly Label[]

export interface QueryAnswer {
  /** The value of `data` of the Prometheus API, as JSON. */
  readonly data: Uint8Array<ArrayBuffer>
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** A `QueryError` that can be cloned. */
export interface PlainQueryError {
  readonly kind: QueryErrorKind
  readonly message: string
  /** True of a `TooMuchError`. */
  readonly isTooMuch?: boolean
}
