const FIRST_MS = 500
const MOST_MS = 30_000

/** Milliseconds to wait after so many failures in a row: exponential, with full jitter. */
export function backoff(failures: number): number {
  return Math.random() * Math.min(MOST_MS, FIRST_MS * 2 ** (failures - 1))
}
