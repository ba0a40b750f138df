import { retryAfterMs } from './backoff.ts'

/** Of a body that is shown to people. */
const SHOWN_CHARACTERS = 200

/** The whole answer to a request. Headers that were not there are null or not set. */
export interface Answer {
  /** 0 for a redirect that a browser does not show. */
  readonly status: number
  readonly retryAfter?: string | null | undefined
  readonly location?: string | null | undefined
  readonly body: string
}

/**
 * What follows from an answer. `again` and `redirect`: the same bytes, later; `mayBeTaken` says that the server could
 * have taken them all the same. `refused`: never again.
 */
export type Verdict =
  | { readonly outcome: 'taken'; readonly rejected: number; readonly message: string }
  | { readonly outcome: 'too_large' | 'refused' | 'redirect'; readonly message: string }
  | { readonly outcome: 'again'; readonly message: string; readonly afterMs: number; readonly mayBeTaken: boolean }

export function verdictOn({ status, retryAfter, location, body }: Answer, url: string): Verdict {
  if (status >= 200 && status < 300) return { outcome: 'taken', ...partialSuccess(body) }
  const message = `${url} answers ${status}: ${body.slice(0, SHOWN_CHARACTERS)}`
  if (status < 400) {
    const where = location ? `to ${location}` : 'elsewhere'
    return {
      outcome: 'redirect',
      message: `${url} redirects ${where}, and nobody follows: set the endpoint to where Weir is`
    }
  }
  if (status === 413) return { outcome: 'too_large', message }
  if (status < 500 && status !== 408 && status !== 429) return { outcome: 'refused', message }
  const mayBeTaken = status !== 429 && status !== 503
  return { outcome: 'again', message, afterMs: retryAfterMs(retryAfter), mayBeTaken }
}

/** Of an ExportMetricsServiceResponse or ExportLogsServiceResponse. */
function partialSuccess(body: string): { rejected: number; message: string } {
  try {
    const { partialSuccess: partial = {} } = JSON.parse(body)
    const rejected = Number(partial.rejectedDataPoints ?? partial.rejectedLogRecords ?? 0)
    return { rejected, message: String(partial.errorMessage ?? '') }
  } catch {
    // The status alone is the success.
    return { rejected: 0, message: '' }
  }
}
