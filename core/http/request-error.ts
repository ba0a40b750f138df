import { BadInputError } from '../errors.ts'

/** A request that is answered with an error. The message is for the sender. */
export class RequestError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Record<string, string> = {}, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RequestError'
    this.status = status
    this.headers = headers
  }
}

/**
 * Of all values this one gives OpenTelemetry's SDKs the longest time in which they still try again, some 9 s. They
 * spend their five tries at once if it is 0 or 1, and give up before the first if it is beyond their timeout of 10 s.
 */
export const RETRY_AFTER_S = 3

/** 503: nothing is wrong with the request, it should come again. */
export function unavailable(message: string): RequestError {
  return new RequestError(503, message, { 'retry-after': String(RETRY_AFTER_S) })
}

/** 503 for a fault of this server. Most clients give up on status 500, the usual one, and lose their data. */
export const internalError = () => unavailable('something failed in this server, see its log: send this again')

/** The error that tells the sender about bad input. Undefined if `thrown` is a fault of this server. */
export function asRequestError(thrown: unknown): RequestError | undefined {
  if (thrown instanceof RequestError) return thrown
  if (BadInputError.is(thrown)) return new RequestError(thrown.reason === 'too_large' ? 413 : 400, thrown.message)
  return undefined
}
