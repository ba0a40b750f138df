import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type BodyLimits, bodyLimits, readBody } from '../../core/http/body.ts'
import { memoryBeside, noCredits, tooMuchMemory } from '../../core/http/body-budget.ts'
import { BEACON_TYPE, cors } from '../../core/http/cors.ts'
import { HttpIngest } from '../../core/http/ingest.ts'
import { readPieces } from '../../core/http/pieces.ts'
import { RequestError } from '../../core/http/request-error.ts'
import { requestHash } from '../../core/http/request-hash.ts'
import { sendJson } from '../../core/http/send.ts'
import type { HttpServer } from '../../core/http/server.ts'
import { type Site, serverOf } from '../../core/http/site.ts'
import { count } from '../../core/plural.ts'
import type { EventFormat } from '../../core/wire/events/event.ts'
import type { Context, ItemLimits, Permit, Receiver, Tenant } from '../../sdk/plugin/index.ts'
import type { ReadEvents } from './collector.ts'
import type { Config } from './config.ts'
import { type BodyForm, collectorOf, type EventOptions, readEvents } from './events.ts'
import { FORMATS, MEDIA_TYPES } from './formats/index.ts'
import { bodyOf, type Input } from './input.ts'
import { LineReader } from './line-reader.ts'
import { EventSchemas, type SchemaOptions } from './schemas.ts'
import { UnfitEventStore } from './unfit.ts'

/** The answer to every request whose events were looked at. */
export interface Answer {
  readonly accepted: number
  readonly rejected: number
  /** Events that do not fit their schemas, and are kept as dead letters. Not set if there are none. */
  readonly set_aside?: number
  /** The first ten. `index` in the array, or `line` of NDJSON, from 1. Neither is set if the error came later on. */
  readonly errors: readonly { readonly index?: number; readonly line?: number; readonly message: string }[]
}

/** The events of one request. */
interface Received {
  readonly events: ReadEvents
  readonly permit: Permit
  /** Tells the request from others; the same if it is sent again. */
  hash(): string
}

export class HttpReceiver implements Receiver {
  readonly #context: Context
  readonly #ingest: HttpIngest
  readonly #unfit: UnfitEventStore
  readonly #server: HttpServer
  readonly #path: string
  readonly #maxBytes: number
  readonly #limits: ItemLimits
  readonly #format: EventFormat
  readonly #schemaOptions: SchemaOptions
  #schemas: EventSchemas | undefined
  readonly #mediaTypes: ReadonlyMap<string, BodyForm>

  constructor(config: Config, context: Context) {
    const { endpoint, path, max_body_size, limits, format, cors_allowed_origins: origins } = config
    this.#format = FORMATS[format]
    this.#schemaOptions = config.schemas
    this.#mediaTypes = new Map([
      ...MEDIA_TYPES[format],
      ...(origins.length > 0 ? [[BEACON_TYPE, 'json'] as const] : [])
    ])
    this.#limits = limits
    this.#context = context
    this.#ingest = new HttpIngest(context)
    this.#unfit = new UnfitEventStore(context)
    this.#path = path
    this.#maxBytes = max_body_size
    const site: Site = {
      posts: new Map([[path, (request, response, tenant) => this.#post(request, response, tenant)]]),
      before: origins.length > 0 ? cors(origins, config.auth !== undefined) : undefined,
      elsewhere: request => new RequestError(404, `there is nothing at ${request.path}: events go to ${path}`),
      refuse: ({ message }, _request, response) => sendJson(response, { error: message })
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
    await this.#loadSchemas()
    await this.#server.start()
    const url = `${this.#server.scheme}://${this.address}${this.#path}`
    const attributes = { plan: 'pro', user_id: 'u1' }
    const example = JSON.stringify(['signup', 'checkout'].map(name => ({ name, attributes })))
    this.#context.announce(`HTTP events on ${url}`, `curl -H 'content-type: application/json' ${url} -d '${example}'`)
  }

  drain(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    return this.#server.drain(signal)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#ingest.close()
    await this.#server.stop(signal)
  }

  async feed(input: unknown): Promise<string | undefined> {
    await this.#loadSchemas()
    const { form, body } = bodyOf(input as Input)
    const permit = this.#context.credits.tryTake(body.length)
    if (permit === undefined) throw noCredits()
    const { rejected, errors } = await this.#deliver(this.#read(form, body, permit), undefined)
    return rejected === 0 && errors.length === 0 ? undefined : errors.map(({ message }) => message).join('; ')
  }

  async #loadSchemas(): Promise<void> {
    const { folder } = this.#schemaOptions
    if (folder !== '') this.#schemas ??= await EventSchemas.load(this.#schemaOptions)
  }

  async #post(request: IncomingMessage, response: ServerResponse, tenant: Tenant | undefined): Promise<void> {
    const isLines = this.#formOf(request) === 'ndjson'
    const limits = bodyLimits(this.#context.credits, this.#maxBytes, 'max_body_size', tenant)
    const received = await (isLines ? this.#readLines(request, limits) : this.#readJson(request, limits))
    const answer = await this.#deliver(received, tenant)
    response.statusCode = nothingGood(received.events) && answer.set_aside === undefined ? 400 : 200
    sendJson(response, answer)
  }

  async #deliver({ events, permit, hash }: Received, tenant: Tenant | undefined): Promise<Answer> {
    const forUnfit = this.#payForUnfit(events, permit)
    try {
      const { dropped, reason } = await this.#ingest.deliver(
        events.block,
        permit,
        this.#ingest.byBytes(hash),
        0,
        tenant
      )
      // Only now: had the request been nacked, they would come, and count, again.
      for (const [reason, items] of events.rejected) this.#ingest.reject(reason, items, tenant)
      const kept = await this.#unfit.keep(events, hash, tenant)
      return answerTo(events, dropped, reason, kept)
    } finally {
      forUnfit.release()
    }
  }

  #payForUnfit(events: ReadEvents, permit: Permit): Permit {
    try {
      return this.#unfit.pay(events, permit)
    } catch (error) {
      permit.release()
      throw error
    }
  }

  async #readJson(request: IncomingMessage, limits: BodyLimits): Promise<Received> {
    const { body, permit } = await readBody(request, limits)
    return this.#read('json', body, permit)
  }

  #read(form: BodyForm, body: Buffer, permit: Permit): Received {
    try {
      const events = readEvents(form, body, this.#context.clock.now(), this.#options(permit))
      return { events, permit, hash: requestHash(body) }
    } catch (error) {
      permit.release()
      throw error
    }
  }

  /**
   * Reads lines as they come, and pays for their events. The body is never held as a whole. Its events are, until the
   * last has come: if some were sent before, and the request broke off, its sender would send them again.
   */
  async #readLines(request: IncomingMessage, limits: BodyLimits): Promise<Received> {
    const { clock, credits } = this.#context
    const permit = credits.tryTake(0)
    if (permit === undefined) throw noCredits()
    const options = this.#options(permit)
    const collector = collectorOf(clock.now(), options)
    const lines = new LineReader(collector, options.memory)
    const sum = createHash('sha256')
    try {
      await readPieces(request, limits, piece => {
        sum.update(piece)
        lines.push(piece)
        pay(permit, collector.bytes + lines.heldBytes, credits.capacity)
      })
      lines.end()
      const hash = sum.digest('base64url')
      return { events: collector.finish(), permit, hash: () => hash }
    } catch (error) {
      permit.release()
      throw error
    }
  }

  #options(permit: Permit): EventOptions {
    const { credits } = this.#context
    return {
      format: this.#format,
      schemas: this.#schemas,
      limits: this.#limits,
      maxBytes: credits.capacity,
      memory: memoryBeside(permit, credits)
    }
  }

  #formOf({ headers }: IncomingMessage): BodyForm {
    const type = headers['content-type']
    const form = this.#mediaTypes.get(type?.split(';', 1)[0].trim().toLowerCase() ?? '')
    if (form !== undefined) return form
    const types = [...this.#mediaTypes.keys()].join(' or ')
    throw new RequestError(415, `content-type ${type ?? '(none)'} is not understood: set the header to ${types}`)
  }
}

function pay(permit: Permit, bytes: number, capacity: number): void {
  const owed = bytes - permit.bytes
  if (bytes > capacity) throw tooMuchMemory(bytes, capacity)
  if (owed > 0 && !permit.tryGrow(owed)) throw noCredits()
}

const nothingGood = ({ block, rejected }: ReadEvents) => block.length === 0 && rejected.size > 0

/** @param kept events that are dead letters */
function answerTo(events: ReadEvents, dropped: number, reason: string, kept: number): Answer {
  const { block, rejectedTotal, errors } = events
  const later = dropped === 0 ? [] : [{ message: `${count(dropped, 'event')} dropped later on: ${reason}` }]
  return {
    accepted: block.length - dropped,
    rejected: rejectedTotal - kept + dropped,
    ...(kept === 0 ? {} : { set_aside: kept }),
    errors: [...errors, ...later]
  }
}
