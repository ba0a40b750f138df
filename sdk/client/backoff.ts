const FIRST_MS = 500
const MOST_MS = 30_000
/** A server that asks for more than this is asked again all the same. */
const MOST_RETRY_AFTER_MS = 300_000

/** Milliseconds to wait after so many failures in a row: exponential, with full jitter. */
export function backoff(failures: number): number {
  return Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1))
}

/** @param header `Retry-After`: seconds, or a date of HTTP */
export function retryAfterMs(header: string | null | undefined): number {
  if (!header) return 0
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000
  return ms > 0 ? Math.min(ms, MOST_RETRY_AFTER_MS) : 0
}
