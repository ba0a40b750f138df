import { count } from '../../core/plural.ts'
import { ExportError } from '../../sdk/plugin/index.ts'

/**
 * ClickHouse's codes for rows that it will never take, whatever is mended. All other errors (no such table or column,
 * no right, no room, too busy) an operator or time can mend, so the points wait.
 */
const UNSTORABLE = new Set([
  '6', // CANNOT_PARSE_TEXT
  '43', // ILLEGAL_TYPE_OF_ARGUMENT
  '53', // TYPE_MISMATCH
  '62', // SYNTAX_ERROR
  '69', // ARGUMENT_OUT_OF_BOUND
  '117', // INCORRECT_DATA
  '128', // TOO_LARGE_ARRAY_SIZE
  '131', // TOO_LARGE_STRING_SIZE
  '321', // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  '469' // VIOLATED_CONSTRAINT
])
const MISSING_TABLE = new Set(['60', '81', '218'])
// Statuses without a code of ClickHouse's, from a proxy in between, that the same request would meet again.
const FINAL_STATUSES = new Set([400, 405, 411, 413, 414, 415, 422, 431])
const PAYLOAD_TOO_LARGE = 413

/** An answer that is not a success: of a server, or of the embedded engine, which has a text and no status. */
export class RefusedRequest extends Error {
  readonly status: number
  readonly retryAfter: string | undefined
  /** ClickHouse's code, as in `60`, if it was ClickHouse that refused. */
  readonly clickhouseCode: string | undefined

  constructor(status: number, retryAfter: string | undefined, body: string) {
    const [, code] = /^Code: (\d+)\. /.exec(body) ?? []
    super(code === undefined ? `HTTP ${status}: ${body.trim().slice(0, 300)}` : clickhouseText(code, body))
    this.name = 'RefusedRequest'
    this.status = status
    this.retryAfter = retryAfter
    this.clickhouseCode = code
  }
}

/** The process of the embedded engine is gone, maybe with a statement that ran in it. */
export class EngineEnded extends Error {
  override readonly name = 'EngineEnded'
}

/** ClickHouse's code of the error, as in `60`. Undefined for other errors. */
export function clickhouseCode(error: unknown): string | undefined {
  return error instanceof RefusedRequest ? error.clickhouseCode : undefined
}

// A refused connection has no message, only a code.
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || (error as NodeJS.ErrnoException).code || error.name
}

/** In ClickHouse's words, without its version. */
function clickhouseText(code: string, text: string): string {
  const own = text.replace(/^Code: \d+\. (DB::Exception: )?/, '').replace(/\s*\(version [^()]*(\([^()]*\))?\)\s*$/, '')
  return `ClickHouse ${code}: ${own.trim()}`
}

export function isMissingTable(error: unknown): boolean {
  return MISSING_TABLE.has(clickhouseCode(error) ?? '')
}

/** Before any data was sent: nothing can be wrong with it. @param now as in {@link exportError} */
export function notReady(cause: unknown, now: number): ExportError {
  const retryAfter = cause instanceof RefusedRequest ? retryAfterMs(cause.retryAfter, now) : undefined
  const message = `ClickHouse is not ready: ${errorText(cause)}`
  return new ExportError(message, { retryable: true, retryAfterMs: retryAfter, cause })
}

/** After everything else was stored. @param times in Unix ms @param items that are still to be given up */
export function outOfRange(times: Float64Array, items: readonly number[]): ExportError {
  const seen = `${count(items.length, 'item')} with times that ClickHouse cannot keep for their \`ttl\`, such as ${times[items[0]]}`
  const message = `${seen} (Unix ms): correct the clock or the unit of time of their sender`
  return new ExportError(message, { retryable: false, reason: 'time_out_of_range', failedItems: items })
}

/** An insert that failed. @param now Unix ms, for a `Retry-After` that is a date */
export function exportError(cause: unknown, now: number): ExportError {
  const message = `ClickHouse did not store the data: ${errorText(cause)}`
  const code = clickhouseCode(cause)
  // One code says that there are too many parts to merge (wait) and that one insert reaches over too many (never).
  if (code === '252' && /single INSERT/i.test(message))
    return new ExportError(message, { retryable: false, reason: 'too_many_partitions', cause })
  if (code !== undefined && UNSTORABLE.has(code)) return new ExportError(message, { retryable: false, cause })
  if (!(cause instanceof RefusedRequest)) return new ExportError(message, { retryable: true, cause })
  if (code === undefined && FINAL_STATUSES.has(cause.status)) {
    const reason = cause.status === PAYLOAD_TOO_LARGE ? 'too_large' : undefined
    return new ExportError(message, { retryable: false, reason, cause })
  }
  return new ExportError(message, { retryable: true, retryAfterMs: retryAfterMs(cause.retryAfter, now), cause })
}

function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}
