import { WeirError } from '../errors.ts'
import { formatDuration } from '../schema/units.ts'

/** The longest answer is a query's result. */
const LIMITS = { bytes: 256 * 2 ** 20, ms: 60_000 }

export interface AdminAnswer {
  /** The status is one of success. */
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

/**
 * Asks the admin server of a running Weir. Throws `ADMIN_UNREACHABLE`.
 *
 * @param limits of the answer: its size, and the time from its first byte to its last. What is asked for, such as a
 *   reload, may take any time before.
 */
export async function askAdmin(
  admin: string,
  path: string,
  init: RequestInit = {},
  limits = LIMITS
): Promise<AdminAnswer> {
  const over = new AbortController()
  const { ok, status, body } = await send(admin, path, { ...init, signal: over.signal })
  const timer = setTimeout(
    () => over.abort(notWeir(admin, `does not finish its answer within ${formatDuration(limits.ms)}`)),
    limits.ms
  )
  try {
    return { ok, status, text: await readText(body, admin, limits.bytes) }
  } catch (error) {
    if (error instanceof WeirError) throw error
    throw new WeirError('ADMIN_UNREACHABLE', `the running Weir at ${admin} broke off its answer; see its log for why`, {
      cause: error
    })
  } finally {
    clearTimeout(timer)
  }
}

async function send(admin: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, admin), init)
  } catch (error) {
    throw new WeirError(
      'ADMIN_UNREACHABLE',
      `cannot reach a running Weir at ${admin}; is it running? --admin sets its address`,
      { cause: error }
    )
  }
}

async function readText(body: Response['body'], admin: string, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of body ?? []) {
    bytes += chunk.length
    if (bytes > maxBytes) throw notWeir(admin, `sends more than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/**
 * For answers that Weir would not give.
 * @param what the reason, such as `is not Weir`
 */
export function notWeir(admin: string, what: string): WeirError {
  return new WeirError('ADMIN_UNREACHABLE', `the server at ${admin} ${what}; --admin sets the address of Weir`)
}
