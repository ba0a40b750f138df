import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyLimits, readBody } from '../../core/http/body.ts'
import { noCredits } from '../../core/http/body-budget.ts'
import { ExemplarIngest } from '../../core/http/exemplar-ingest.ts'
import { HttpIngest } from '../../core/http/ingest.ts'
import { RequestError } from '../../core/http/request-error.ts'
import type { HttpServer } from '../../core/http/server.ts'
import { type Site, serverOf } from '../../core/http/site.ts'
import { count } from '../../core/plural.ts'
import { type DecodedWriteRequest, RemoteWriteDecoder } from '../../core/wire/remote-write/decoder.ts'
import type { RemoteWriteVersion } from '../../core/wire/remote-write/time-series.ts'
import type { Context, Permit, Receiver, Tenant } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { bodyOf, type Input } from './input.ts'
import { namesSecond, versionOf } from './version.ts'

/** The specification has snappy only, also for bodies that name none. vmagent sends zstd. */
const ENCODINGS = ['snappy', 'zstd'] as const
const WRITTEN = 'x-prometheus-remote-write'

/** The result of a request. */
interface Written {
  readonly decoded: DecodedWriteRequest
  readonly dropped: number
  readonly exemplars: number
  /** The points that were not written, and why; empty if all were. */
  readonly message: string
}

export class RemoteWriteReceiver implements Receiver {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #decoder: RemoteWriteDecoder
  readonly #server: HttpServer
  readonly #path: string
  readonly #maxBytes: number
  readonly #exemplars: ExemplarIngest

  constructor(config: Config, context: Context) {
    const { endpoint, path, max_body_size, limits } = config
    this.#context = context
    this.#path = path
    this.#maxBytes = max_body_size
    this.#ingest = new HttpIngest(context)
    this.#decoder = new RemoteWriteDecoder(context.series, { maxBytes: context.credits.capacity, limits })
    this.#exemplars = new ExemplarIngest(context, this.#ingest)
    const site: Site = {
      posts: new Map([[path, (request, response, tenant) => this.#post(request, response, tenant)]]),
      elsewhere: asked => new RequestError(404, `there is nothing at ${asked.path}: remote write goes to ${path}`),
      refuse({ message }, request, response) {
        if (namesSecond(request.headers)) setWritten(response, 0, 0, 0)
        sendText(response, message)
      }
    }
    this.#server = serverOf(endpoint, site, config, context)
  }

  get batches$() {
    return this.#ingest.batches$
  }

  /** `host:port`, once started. */
  get address(): string {
    return this.#server.address
  }

  open(): Promise<void> {
    return this.#server.open()
  }

  async start(): Promise<void> {
    await this.#server.start()
    const url = `${this.#server.scheme}://${this.address}${this.#path}`
    this.#context.announce(`Prometheus remote write on ${url}`)
  }

  async feed(input: unknown): Promise<string | undefined> {
    const { clock, credits } = this.#context
    const body = bodyOf(input as Input, clock.now())
    const permit = credits.tryTake(body.length)
    if (permit === undefined) throw noCredits()
    const { message } = await this.#write(body, '1.0', permit, undefined)
    return message === '' ? undefined : message
  }

  drain(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    return this.#server.drain(signal)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    await this.#server.stop(signal)
  }

  async #post(request: IncomingMessage, response: ServerResponse, tenant: Tenant | undefined): Promise<void> {
    const version = versionOf(request.headers)
    const { credits } = this.#context
    const { body, permit } = await readBody(request, {
      ...bodyLimits(credits, this.#maxBytes, 'max_body_size', tenant),
      encodings: ENCODINGS
    })
    const { decoded, dropped, exemplars, message } = await this.#write(body, version, permit, tenant)
    if (version === '2.0') setWrittenParts(response, decoded, dropped, exemplars)
    if (message === '' || resendsAfter400(request, version)) return void response.writeHead(204).end()
    response.statusCode = 400
    sendText(response, `${message}; all other points are written`)
  }

  async #write(
    body: Buffer,
    version: RemoteWriteVersion,
    permit: Permit,
    tenant: Tenant | undefined
  ): Promise<Written> {
    const decode = () => this.#decode(body, version, permit)
    const decoded = tenant === undefined ? decode() : tenant.decode(decode)
    const { block, rejections, newSeriesBytes } = decoded
    const { dropped, reason } = await this.#ingest.deliver(
      block,
      permit,
      this.#ingest.byBytesOf(body),
      newSeriesBytes,
      tenant
    )
    // Only now: had the request been nacked, they would come, and count, again.
    for (const [reason, items] of rejections.items) this.#ingest.reject(reason, items, tenant)
    const { count: received, events } = decoded.exemplars
    const exemplars = await this.#exemplars.deliver(received, events, tenant)
    const flaws = [rejections.describe(), dropped > 0 ? `${count(dropped, 'point')} dropped later on: ${reason}` : '']
    return { decoded, dropped, exemplars, message: flaws.filter(text => text !== '').join('; ') }
  }

  #decode(body: Buffer, version: RemoteWriteVersion, permit: Permit): DecodedWriteRequest {
    try {
      return this.#decoder.decode(body, version)
    } catch (error) {
      permit.release()
      throw error
    }
  }
}

/**
 * True for vmagent. To 400 it sends the same request again with snappy, and so all points that were written. Dropped points
 * are in the ledger; VictoriaMetrics, too, answers 204.
 */
const resendsAfter400 = ({ headers }: IncomingMessage, version: RemoteWriteVersion) =>
  version === '1.0' && headers['content-encoding'] === 'zstd'

/** Nobody knows which points were dropped later on. They are taken for samples, of which there are mostly more. */
function setWrittenParts(
  response: ServerResponse,
  { samples, histograms }: DecodedWriteRequest,
  dropped: number,
  exemplars: number
): void {
  const written = Math.max(0, samples - dropped)
  setWritten(response, written, Math.max(0, histograms - (dropped - (samples - written))), exemplars)
}

function setWritten(response: ServerResponse, samples: number, histograms: number, exemplars: number): void {
  response.setHeader(`${WRITTEN}-samples-written`, samples)
  response.setHeader(`${WRITTEN}-histograms-written`, histograms)
  response.setHeader(`${WRITTEN}-exemplars-written`, exemplars)
}

function sendText(response: ServerResponse, text: string): void {
  if (text !== '') response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(text)
}
