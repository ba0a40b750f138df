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
