import { WeirError } from '../errors.ts'
import { formatDuration } from '../schema/units.ts'

/** The longest answer is a query's result. */
const LIMITS = { bytes: 256 * 2 ** 20, ms: 60_000 }
const LONGEST_LINE = 2 ** 20

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
    throw brokenOff(admin, error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Like {@link askAdmin}, for an answer that comes line by line while the work goes on. A success is told to `onLine`,
 * and its text is empty.
 */
export async function followAdmin(
  admin: string,
  path: string,
  init: RequestInit,
  onLine: (line: string) => void
): Promise<AdminAnswer> {
  const { ok, status, body } = await send(admin, path, init)
  try {
    if (!ok) return { ok, status, text: await readText(body, admin, LIMITS.bytes) }
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop()!
      if (rest.length > LONGEST_LINE) throw notWeir(admin, `sends a line of more than ${LONGEST_LINE} characters`)
      for (const line of lines) onLine(line)
    }
    return { ok, status, text: '' }
  } catch (error) {
    throw brokenOff(admin, error)
  }
}

/**
 * Credentials are a token in `WEIR_ADMIN_TOKEN`, or user and password in the URL. Neither is in the list of processes
 * if the URL comes from the environment too.
 */
async function send(admin: string, path: string, init: RequestInit): Promise<Response> {
  try {
    const { url, authorization } = withoutCredentials(new URL(path, admin))
    const headers = new Headers(init.headers)
    if (authorization !== undefined) headers.set('authorization', authorization)
    return await fetch(url, { ...init, headers })
  } catch (error) {
    throw new WeirError(
      'ADMIN_UNREACHABLE',
      `cannot reach a running Weir at ${shown(admin)}; is it running? --admin sets its address`,
      { cause: error }
    )
  }
}

function withoutCredentials(url: URL): { url: URL; authorization: string | undefined } {
  const { username, password } = url
  const token = process.env.WEIR_ADMIN_TOKEN
  url.username = url.password = ''
  const user = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64')
  if (username !== '') return { url, authorization: `Basic ${user}` }
  return { url, authorization: token === undefined ? undefined : `Bearer ${token}` }
}

function brokenOff(admin: string, error: unknown): WeirError {
  if (error instanceof WeirError) return error
  return new WeirError(
    'ADMIN_UNREACHABLE',
    `the running Weir at ${shown(admin)} broke off its answer; see its log for why`,
    {
      cause: error
    }
  )
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
  return new WeirError('ADMIN_UNREACHABLE', `the server at ${shown(admin)} ${what}; --admin sets the address of Weir`)
}

/** The URL without a password. */
function shown(admin: string): string {
  const url = URL.parse(admin)
  if (url === null || url.username === '') return admin
  url.username = url.password = ''
  return url.href
}
