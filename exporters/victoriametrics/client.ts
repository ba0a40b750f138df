import type { IncomingMessage } from 'node:http'
import { beginningOf, parseRetryAfter, quoted } from '../../core/http/answer.ts'
import { post } from '../../core/http/post.ts'
import { compress as snappy } from '../../core/wire/snappy.ts'
import { ZstdCompressor } from '../../core/wire/zstd.ts'
import { ExportError } from '../../sdk/plugin/index.ts'
import type { Codec, CompressionChoice } from './compression.ts'
import type { Config } from './config.ts'

const TOO_MANY_REQUESTS = 429
// Zstd is VictoriaMetrics' variant of remote write 1.0, which allows snappy only.
const VERSION_HEADERS: Readonly<Record<Codec, Record<string, string>>> = {
  zstd: { 'x-victoriametrics-remote-write-version': '1' },
  snappy: { 'x-prometheus-remote-write-version': '0.1.0' }
}

interface Answer {
  readonly isTaken: boolean
  readonly status: number
  readonly message: string
  readonly retryAfter: string | undefined
}

/** Posts WriteRequests, one after another. */
export class RemoteWriteClient {
  readonly url: string
  #target: URL
  #headers: Readonly<Record<Codec, Record<string, string>>>
  #compression: CompressionChoice
  #now: () => number
  #zstd = new ZstdCompressor()

  /** @param now Unix ms; for `Retry-After` given as a date */
  constructor(config: Config, compression: CompressionChoice, now: () => number) {
    this.url = config.endpoint
    this.#target = new URL(config.endpoint)
    this.#headers = { zstd: requestHeaders(config, 'zstd'), snappy: requestHeaders(config, 'snappy') }
    this.#compression = compression
    this.#now = now
  }

  /** Resolves on 2xx. @param request an encoded WriteRequest, which must not change until the promise settles */
  async write(request: Uint8Array, signal: AbortSignal): Promise<void> {
    const { codec } = this.#compression
    const answer = await this.#post(request, codec, signal)
    if (codec === 'snappy') return this.#check(answer)
    if (answer.isTaken) return this.#compression.zstdTaken()
    if (!this.#compression.shouldTrySnappy(answer.status)) return this.#check(answer)
    // Only the second answer tells whether zstd was the reason: bad samples are refused by either codec.
    this.#check(await this.#post(request, 'snappy', signal))
    this.#compression.snappyTaken(answer.message)
  }

  #check({ isTaken, status, message, retryAfter }: Answer): void {
    if (isTaken) return
    if (status === TOO_MANY_REQUESTS || status >= 500) {
      const retryAfterMs = parseRetryAfter(retryAfter, this.#now())
      throw new ExportError(message, { retryable: true, retryAfterMs })
    }
    throw new ExportError(message, { retryable: false, reason: 'rejected_by_backend' })
  }

  async #post(request: Uint8Array, codec: Codec, signal: AbortSignal): Promise<Answer> {
    const body = codec === 'zstd' ? await this.#zstd.compress(request) : snappy(request)
    let response: IncomingMessage
    try {
      response = await post(this.#target, this.#headers[codec], body, signal)
    } catch (error) {
      // Of an attempt that was cut off, only the signal knows the reason.
      const cause = signal.aborted ? signal.reason : error
      throw new ExportError(`${this.url} cannot be reached`, { retryable: true, cause })
    }
    const { statusCode: status = 0, statusMessage, headers } = response
    const message = `${this.url} answered ${status} ${statusMessage}: ${quoted(await beginningOf(response))}`
    return { isTaken: status >= 200 && status < 300, status, message, retryAfter: headers['retry-after'] }
  }
}

function requestHeaders(config: Config, codec: Codec): Record<string, string> {
  const { headers, basic_auth, bearer_token: token } = config
  const { username, password } = basic_auth
  const own: Record<string, string> = {
    'user-agent': 'weir',
    'content-type': 'application/x-protobuf',
    'content-encoding': codec,
    ...VERSION_HEADERS[codec]
  }
  if (username !== '') own.authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  if (token !== '') own.authorization = `Bearer ${token}`
  for (const [name, value] of Object.entries(headers)) own[name.toLowerCase()] = value
  return own
}
