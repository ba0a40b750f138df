/** Every code a user or plugin author may meet, once. */
export type ErrorCode =
  | 'BATCH_SPENT'
  | 'CONFIG_INVALID'
  | 'PLUGIN_INVALID'
  | 'PORT_IN_USE'
  | 'QUEUE_FULL'
  | 'NO_PIPELINE'
  | 'COMPONENT_FAILED'
  | 'STATE_INVALID'
  | 'ADMIN_UNREACHABLE'

// Brands, not classes, tell these errors: a plugin may bring another copy of this module, whose classes are others.
const WEIR_ERROR = Symbol.for('weir.WeirError')
const EXPORT_ERROR = Symbol.for('weir.ExportError')
const BAD_INPUT_ERROR = Symbol.for('weir.BadInputError')

export class WeirError extends Error {
  readonly [WEIR_ERROR] = true
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WeirError'
    this.code = code
  }

  /** Also for an error of another copy of this class. */
  static is(error: unknown): error is WeirError {
    return hasBrand(error, WEIR_ERROR)
  }
}

export interface ExportErrorOptions extends ErrorOptions {
  readonly retryable: boolean
  readonly reason?: string
  readonly retryAfterMs?: number
  readonly failedItems?: readonly number[]
}

/**
 * An exporter throws it when the backend has not taken a block. Retryable: the sending queue tries again, after
 * `retryAfterMs` if the backend named a time. Not retryable: the bad items are found by bisection and given up under
 * `reason`.
 *
 * `failedItems`, indexes into the block, means that the backend has all items but these. Retryable: only these are
 * tried again. Not retryable: exactly these are given up, without bisection. Indexes come in any order. Where one is no
 * integer or lies outside the block, or where there is none, the whole block counts as failed.
 */
export class ExportError extends Error {
  readonly [EXPORT_ERROR] = true
  readonly retryable: boolean
  readonly reason: string
  readonly retryAfterMs: number | undefined
  readonly failedItems: readonly number[] | undefined

  constructor(message: string, options: ExportErrorOptions) {
    super(message, options)
    this.name = 'ExportError'
    this.retryable = options.retryable
    this.reason = options.reason ?? 'rejected'
    this.retryAfterMs = options.retryAfterMs
    this.failedItems = options.failedItems
  }

  /** Also for an error of another copy of this class, which may be of another version: its fields need not be there. */
  static is(error: unknown): error is ExportError {
    return hasBrand(error, EXPORT_ERROR)
  }
}

/**
 * Thrown by a codec or receiver for bad input. The message says what is wrong and at which place; `reason` is the
 * ledger's.
 */
export class BadInputError extends Error {
  readonly [BAD_INPUT_ERROR] = true
  readonly reason: string

  constructor(message: string, reason = 'malformed', options?: ErrorOptions) {
    super(message, options)
    this.name = 'BadInputError'
    this.reason = reason
  }

  /** Also for an error of another copy of this class. */
  static is(error: unknown): error is BadInputError {
    return hasBrand(error, BAD_INPUT_ERROR)
  }
}

/** The cause of `error` in words, with the causes beneath it, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message || (error as NodeJS.ErrnoException).code || error.name
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`
  return own.includes(cause.slice(2)) ? own : own + cause
}

function hasBrand(error: unknown, brand: symbol): boolean {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true
}
