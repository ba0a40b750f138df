const QUIET_MS = 60_000

/**
 * Something that an operator should know. `items`: data points, log records or calls that it is about.
 *
 * `outage`, `redirect`: requests wait and are sent again. `refused`, `too_large`, `rejected`, `dropped`: items are lost.
 * `misuse`: a call that could not be recorded.
 */
export interface Diagnostic {
  readonly code: 'outage' | 'redirect' | 'refused' | 'too_large' | 'rejected' | 'dropped' | 'misuse'
  readonly message: string
  readonly items: number
}

/** Warns on the console, of each kind once a minute. */
export function warnOnConsole(): (diagnostic: Diagnostic) => void {
  const quietUntil = new Map<string, number>()
  return ({ code, message, items }) => {
    const now = Date.now()
    if (now < (quietUntil.get(code) ?? 0)) return
    quietUntil.set(code, now + QUIET_MS)
    console.warn(`weir-client: ${code}, ${items} items: ${message}`)
  }
}
