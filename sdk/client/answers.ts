/** A server that asks for more than this is asked again all the same. */
const MOST_RETRY_AFTER_MS = 300_000

/** The whole answer to a request. Headers that were not there are not set, or null. */
export interface Answer {
  /** 0 for a redirect that a browser does not show. */
  readonly status: number
  readonly retryAfter?: string | null | undefined
  readonly location?: string | undefined
  readonly body: string
}

/** True if the same bytes are refused whenever they come. 413 is not: there may be less of them. */
export function isRefusal({ status }: Answer): boolean {
  return status >= 400 && status < 500 && ![408, 413, 429].includes(status)
}

/** Milliseconds that the server wants to be left alone: by `Retry-After`, in seconds or as a date of HTTP. */
export function retryAfterMs({ retryAfter }: Answer): number {
  const ms = Number(retryAfter ?? 0) * 1000
  return Math.min(Number.isNaN(ms) ? Date.parse(retryAfter!) - Date.now() : ms, MOST_RETRY_AFTER_MS) || 0
}

/** Items that were left out, and the reason, of an ExportMetricsServiceResponse or ExportLogsServiceResponse. */
export function rejectionOf({ body }: Answer): { items: number; message: string } {
  try {
    const { rejectedDataPoints, rejectedLogRecords, errorMessage } = JSON.parse(body).partialSuccess
    return { items: Number(rejectedDataPoints ?? rejectedLogRecords ?? 0), message: errorMessage }
  } catch {
    // None were, and the status alone is the success.
    return { items: 0, message: '' }
  }
}
