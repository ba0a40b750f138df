import { compress } from '../../core/wire/snappy.ts'
import { ExportError } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

const QUOTED_CHARACTERS = 300
// Most bytes of an answer that nobody reads to the end. Beyond that its connection is given up instead.
const MAX_ANSWER_BYTES = 64 * 1024
const TOO_MANY_REQUESTS = 429

/** Posts WriteRequests. Connections are kept alive and shared by the process. */
export class RemoteWriteClient {
  readonly url: string
  #headers: Record<string, string>
  #now: () => number

  /** @param now Unix ms; for `Retry-After` given as a date */
  constructor(config: Config, now: () => number) {
    this.url = config.endpoint
    this.#headers = requestHeaders(config)
    this.#now = now
  }

  /** Resolves on 2xx. @param request an encoded WriteRequest, not used after the call has returned */
  async write(request: Uint8Array, signal: AbortSignal): Promise<void> {
    const response = await this.#post(compress(request), signal)
    const answer = await beginning(response)
    if (response.ok) return
    const { status } = response
    const message = `${this.url} answered ${status} ${response.statusText}: ${answer || '(no text)'}`
    if (status === TOO_MANY_REQUESTS || status >= 500) {
      const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), this.#now())
      throw new ExportError(message, { retryable: true, retryAfterMs })
    }
    throw new ExportError(message, { retryable: false, reason: 'rejected_by_backend' })
  }

  async #post(body: Uint8Array, signal: AbortSignal): Promise<Response> {
    // Followed, a redirect would turn the POST into a GET and look like success.
    const options = { method: 'POST', headers: this.#headers, body, signal, redirect: 'manual' } as const
    try {
      return await fetch(this.url, options)
    } catch (cause) {
      throw new ExportError(`${this.url} cannot be reached`, { retryable: true, cause: reasonOf(cause) })
    }
  }
}

/** `Retry-After` in seconds or as an HTTP date, in ms from `now`. Undefined if absent or not understood. */
export function parseRetryAfter(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}

function requestHeaders({
  headers,
  basic_auth: { username, password },
  bearer_token: token
}: Config): Record<string, string> {
  const own: Record<string, string> = {
    'user-agent': 'weir',
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0'
  }
  if (username !== '') own.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  if (token !== '') own.authorization = `Bearer ${token}`
  for (const [name, value] of Object.entries(headers)) own[name.toLowerCase()] = value
  return own
}

/** The first characters of an answer, on one line. */
async function beginning(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true })
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) break
    }
  } catch {
    // Cut off: the bytes so far are quoted.
  }
  return text.replace(/\s+/g, ' ').trim().slice(0, QUOTED_CHARACTERS)
}

// undici says "fetch failed" and keeps the reason to itself.
const reasonOf = (error: unknown) => (error instanceof TypeError && error.cause !== undefined ? error.cause : error)
