import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { beginningOf, parseRetryAfter, quoted } from '../../core/http/answer.ts'
import { post } from '../../core/http/post.ts'
import type { Signal } from '../../core/wire/otlp/response.ts'
import { readStatusMessage } from '../../core/wire/otlp/response-reader.ts'
import { ZstdCompressor } from '../../core/wire/zstd.ts'
import { ExportError } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { REJECTED, type Transport } from './transport.ts'

const PROTOBUF = 'application/x-protobuf'
/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const RETRYABLE: readonly number[] = [429, 502, 503, 504]

/** OTLP/HTTP with protobuf. */
export class HttpTransport implements Transport {
  readonly #urls: Readonly<Record<Signal, URL>>
  readonly #headers: Readonly<Record<string, string>>
  readonly #compress: (request: Uint8Array) => Promise<Uint8Array>
  readonly #now: () => number

  /** @param now Unix ms; for `Retry-After` given as a date */
  constructor({ endpoint, headers, compression }: Config, now: () => number) {
    const base = endpoint.replace(/\/+$/, '')
    this.#urls = { metrics: new URL(`${base}/v1/metrics`), logs: new URL(`${base}/v1/logs`) }
    this.#now = now
    const encoding: Record<string, string> = compression === 'none' ? {} : { 'content-encoding': compression }
    const own: Record<string, string> = { 'user-agent': 'weir', 'content-type': PROTOBUF, ...encoding }
    for (const [name, value] of Object.entries(headers)) own[name.toLowerCase()] = value
    this.#headers = own
    this.#compress = compressorOf(compression)
  }

  async send(signal: Signal, request: Uint8Array, abort: AbortSignal): Promise<Uint8Array> {
    const url = this.#urls[signal]
    const body = await this.#compress(request)
    const response = await post(url, this.#headers, body, abort).catch(error => {
      // Of an attempt that was cut off, only the signal knows the reason.
      const cause = abort.aborted ? abort.reason : error
      throw new ExportError(`${url} cannot be reached`, { retryable: true, cause })
    })
    const answer = await beginningOf(response)
    const { statusCode: status = 0, headers } = response
    if (status >= 200 && status < 300) return isProtobuf(response) ? answer : new Uint8Array()
    throw this.#refusal(url, response, answer, RETRYABLE.includes(status), headers['retry-after'])
  }

  // Connections belong to the process.
  close(): void {}

  #refusal(url: URL, response: IncomingMessage, answer: Buffer, retryable: boolean, retryAfter: string | undefined) {
    const said = (isProtobuf(response) && readStatusMessage(answer)) || quoted(answer)
    const message = `${url} answered ${response.statusCode} ${response.statusMessage}: ${said}`
    if (!retryable) return new ExportError(message, { retryable, reason: REJECTED })
    return new ExportError(message, { retryable, retryAfterMs: parseRetryAfter(retryAfter, this.#now()) })
  }
}

const isProtobuf = ({ headers }: IncomingMessage) => headers['content-type']?.startsWith(PROTOBUF) ?? false

function compressorOf(compression: Config['compression']): (request: Uint8Array) => Promise<Uint8Array> {
  if (compression === 'none') return async request => request
  if (compression === 'gzip') return promisify(gzip)
  const zstd = new ZstdCompressor()
  return request => zstd.compress(request)
}
