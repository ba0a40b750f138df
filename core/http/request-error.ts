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

// How long pressure usually lasts; clients spread their retries themselves.
export const RETRY_AFTER_S = 1

/** 503: nothing is wrong with the request, it should come again. */
export function unavailable(message: string): RequestError {
  return new RequestError(503, message, { 'retry-after': String(RETRY_AFTER_S) })
}
