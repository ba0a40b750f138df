/** Every code a user or plugin author may meet, once. */
export type ErrorCode =
  | 'BATCH_SPENT'
  | 'CONFIG_INVALID'
  | 'PLUGIN_INVALID'
  | 'PORT_IN_USE'
  | 'QUEUE_FULL'
  | 'COMPONENT_FAILED'
  | 'STATE_INVALID'
  | 'ADMIN_UNREACHABLE'

export class WeirError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WeirError'
    this.code = code
  }
}

/**
 * What an exporter throws. `retryable` (the default for any other error too): the lane tries again, after
 * `retryAfterMs` if the backend named a time. Not retryable: the points are dropped under `reason`, and counted.
 */
export class ExportError extends Error {
  readonly retryable: boolean
  readonly reason: string
  readonly retryAfterMs: number | undefined

  constructor(message: string, options: ErrorOptions & { retryable: boolean; reason?: string; retryAfterMs?: number }) {
    super(message, options)
    this.name = 'ExportError'
    this.retryable = options.retryable
    this.reason = options.reason ?? 'rejected'
    this.retryAfterMs = options.retryAfterMs
  }
}

/**
 * What a codec or receiver throws for input that is not what it should be. The message says what and where;
 * `reason` is the ledger's.
 */
export class BadInputError extends Error {
  readonly reason: string

  constructor(message: string, reason = 'malformed', options?: ErrorOptions) {
    super(message, options)
    this.name = 'BadInputError'
    this.reason = reason
  }
}

/** The cause of `error` in words, with the causes beneath it, on one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const own = error.message || (error as NodeJS.ErrnoException).code || error.name
  const cause = error.cause === undefined ? '' : `: ${describeError(error.cause)}`
  return own.includes(cause.slice(2)) ? own : own + cause
}
