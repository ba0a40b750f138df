import { describeError, ExportError } from '../../errors.ts'
import type { Range } from '../../model/ranges.ts'

/** Reason of items that are given up though the backend did not refuse them. */
const EXPORT_FAILED = 'export_failed'
/** Causes of causes looked at; a chain may be a circle. */
const MOST_CAUSES = 8

/** Codes of Node's network, stream, TLS and HTTP errors: ECONNRESET, ENOTFOUND, UND_ERR_SOCKET, ERR_STREAM_… */
const TRANSIENT_CODE = /^(E(?!RR_)[A-Z0-9_]+|(UND_ERR|HPE|ERR_SOCKET|ERR_STREAM|ERR_HTTP2|ERR_TLS|ERR_SSL)_\w+)$/
const TRANSIENT_NAMES: readonly unknown[] = ['AbortError', 'TimeoutError']
/** Messages of the TypeErrors by which fetch reports that the network failed. */
const FETCH_MESSAGES: readonly unknown[] = ['fetch failed', 'terminated']
/** SyntaxError is not among them: JSON.parse of an answer throws it when a proxy answers with a page. */
const FAULTS = [TypeError, RangeError, ReferenceError, URIError]

/**
 * The cause of a failed export, which decides the further way of the block:
 *
 * - `refused`: an ExportError that is not retryable. The bad items are found by bisection and given up.
 * - `fault`: a TypeError, RangeError, ReferenceError or URIError that is not fetch's. The exporter's code does not get
 *   on with the data, so no other try can help: treated as `refused`.
 * - `transient`: an ExportError that is retryable, a timeout, an abort, or an error of the network or the system, which
 *   its `code` or that of a cause tells. Tried again without end.
 * - `unknown`: any other error. Tried again as if it were transient. If it persists it may be the data's fault. See
 *   `RejectedItems`.
 */
export interface Failure {
  readonly kind: 'refused' | 'fault' | 'transient' | 'unknown'
  readonly error: Error
  /** In the ledger, for items given up. */
  readonly reason: string
  /** Asked for by the backend; 0 if it asks for nothing. */
  readonly retryAfterMs: number
  /** The only items that failed, in order; undefined: all. */
  readonly failed: readonly Range[] | undefined
}

/** @param items of the block that was to be exported */
export function failureOf(error: Error, items: number): Failure {
  if (ExportError.is(error)) return ofExportError(error, items)
  const kind = isTransient(error) ? 'transient' : FAULTS.some(Fault => error instanceof Fault) ? 'fault' : 'unknown'
  return { kind, error, reason: EXPORT_FAILED, retryAfterMs: 0, failed: undefined }
}

/** The export was cut off; whatever was thrown came of that. */
export function cutOff(error: Error): Failure {
  return { kind: 'transient', error, reason: EXPORT_FAILED, retryAfterMs: 0, failed: undefined }
}

/** In words, for logs and dead letters: of a fault also its class, since its message is about code. */
export function describeFailure({ kind, error }: Failure): string {
  return kind === 'fault' ? `${error.name}: ${describeError(error)}` : describeError(error)
}

/** Fields may be missing: it may be made by another version of the class. */
function ofExportError(error: Partial<ExportError> & Error, items: number): Failure {
  const { retryable, reason, retryAfterMs, failedItems } = error
  return {
    kind: retryable === false ? 'refused' : 'transient',
    error,
    reason: typeof reason === 'string' ? reason : EXPORT_FAILED,
    retryAfterMs: typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0,
    failed: Array.isArray(failedItems) ? rangesOf(failedItems, items) : undefined
  }
}

/** Undefined if they are not indexes of a block of `items`, or if there are none. */
function rangesOf(indexes: readonly unknown[], items: number): Range[] | undefined {
  const isIndex = (index: unknown) => Number.isInteger(index) && (index as number) >= 0 && (index as number) < items
  if (indexes.length === 0 || !indexes.every(isIndex)) return undefined
  const ranges: { from: number; to: number }[] = []
  for (const index of Float64Array.from(indexes as number[]).sort()) {
    const last = ranges.at(-1)
    if (last !== undefined && index <= last.to) last.to = Math.max(last.to, index + 1)
    else ranges.push({ from: index, to: index + 1 })
  }
  return ranges
}

function isTransient(error: Error): boolean {
  let cause: unknown = error
  for (let depth = 0; depth < MOST_CAUSES && typeof cause === 'object' && cause !== null; depth++) {
    const { name, code, message, cause: next } = cause as Partial<NodeJS.ErrnoException>
    if (TRANSIENT_NAMES.includes(name) || (typeof code === 'string' && TRANSIENT_CODE.test(code))) return true
    if (cause instanceof TypeError && FETCH_MESSAGES.includes(message)) return true
    cause = next
  }
  return false
}
