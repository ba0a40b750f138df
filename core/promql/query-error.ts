import type { Span } from './span.ts'

/**
 * Kinds of errors, as the Prometheus API names them. `bad_data`: the query or its parameters are wrong; `execution`: it
 * cannot be evaluated, or is too expensive; `unavailable`: the store did not answer; `forbidden`: the tenant may not ask.
 */
export type QueryErrorKind = 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'unavailable' | 'forbidden'

/** A query that has no result. The message is for its author: what is wrong, where, and what to do. */
export class QueryError extends Error {
  readonly kind: QueryErrorKind
  /** The part of the query at fault, if it is known. */
  readonly span: Span | undefined

  constructor(kind: QueryErrorKind, message: string, span?: Span) {
    super(message)
    this.name = 'QueryError'
    this.kind = kind
    this.span = span
  }
}

/** More than may be read or held at once. A part of the query's range may be within the limits. */
export class TooMuchError extends QueryError {
  constructor(message: string) {
    super('execution', message)
  }
}
