import { QueryError } from '../query-error.ts'
import type { Span } from '../span.ts'

/** Of a part of a query that a message shows, in UTF-16 units. */
const LONGEST_EXCERPT = 40

/** Names and patterns of queries may be very long, and messages hold them. */
const LONGEST_PROBLEM = 1000

/** An error of kind `bad_data` whose message begins with line and column, which count from 1. */
export function parseError(text: string, { from, to }: Span, problem: string): QueryError {
  const before = text.slice(0, from)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  const place = `${line}:${from - lineStart + 1}`
  return new QueryError('bad_data', `${place}: parse error: ${problem.slice(0, LONGEST_PROBLEM)}`, { from, to })
}

/** The beginning of a part of a query, for a message. */
export function excerpt(part: string): string {
  return part.length > LONGEST_EXCERPT ? `${part.slice(0, LONGEST_EXCERPT - 3)}...` : part
}
