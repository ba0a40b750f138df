import { setTimeout } from 'node:timers/promises'

const DEADLINE_MS = 20_000
const POLL_MS = 25

/**
 * Asks `look` again and again until it answers with something other than undefined or false, and resolves to that. A
 * throw counts as "not yet". After the deadline it rejects with `what` and the last error.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { deadlineMs = DEADLINE_MS, pollMs = POLL_MS } = {}
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    let cause: unknown
    try {
      const seen = await look()
      if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>
    } catch (error) {
      cause = error
    }
    if (performance.now() >= deadline) {
      const last = cause instanceof Error ? `: ${cause.message}` : ''
      throw new Error(`not within ${deadlineMs} ms: ${what}${last}`, { cause })
    }
    await setTimeout(pollMs)
  }
}
