import { QueryError } from '../query-error.ts'
import type { Span } from '../span.ts'

/** Of a part of a query that a message shows, in UTF-16 units. */
const LONGEST_EXCERPT = 40

/** An error of kind `bad_data` whose message begins with line and column, which count from 1. */
export function parseError(text: string, span: Span, problem: string): QueryError {
  const before = text.slice(0, span.from)
  const lineStart = before.lastIndexOf('\n') + 1
  const line = before.split('\n').length
  return new QueryError('bad_data', `${line}:${span.from - lineStart + 1}: parse error: ${problem}`, span)
}

/** The beginning of a part of a query, for a message. */
export function excerpt(part: string): string {
  return part.length > LONGEST_EXCERPT ? `${part.slice(0, LONGEST_EXCERPT - 3)}...` : part
}
