import type { Request, Response } from 'express'
import { bodyLimits, readBody } from '../../core/http/body.ts'
import { memoryBeside } from '../../core/http/body-budget.ts'
import { HttpIngest } from '../../core/http/ingest.ts'
import { RequestError } from '../../core/http/request-error.ts'
import { requestHash } from '../../core/http/request-hash.ts'
import type { HttpServer } from '../../core/http/server.ts'
import { type Site, serverOf } from '../../core/http/site.ts'
import { count } from '../../core/plural.ts'
import type { Context, ItemLimits, Permit, Receiver, Tenant } from '../../sdk/plugin/index.ts'
import type { ReadEvents } from './collector.ts'
import type { Config } from './config.ts'
import { cors } from './cors.ts'
import type { EventFormat } from './event.ts'
import { type BodyForm, readEvents } from './events.ts'
import { FORMATS, MEDIA_TYPES } from './formats/index.ts'
import { EventSchemas, type SchemaOptions } from './schemas.ts'

/** `navigator.sendBeacon` and pages that avoid a preflight send JSON so. */
const BEACON_TYPE = 'text/plain'

/** The answer to every request whose events were looked at. */
export interface Answer {
  readonly accepted: number
  readonly rejected: number
  /** The first ten. `index` in the array, or `line` of NDJSON, from 1. Neither is set if the error came later on. */
  readonly errors: readonly { readonly index?: number; readonly line?: number; readonly message: string }[]
}

export class HttpReceiver implements Receiver {
  readonly #context: Context
  readonly #ingest: HttpIngest
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
    this.#path = path
    this.#maxBytes = max_body_size
    const site: Site = {
      posts: new Map([[path, (request, response, tenant) => this.#post(request, response, tenant)]]),
      before: origins.length > 0 ? cors(origins) : undefined,
      elsewhere: request => new RequestError(404, `there is nothing at ${request.path}: events go to ${path}`),
      refuse: ({ message }, _request, response) => void response.json({ error: message })
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
    if (this.#schemaOptions.folder !== '') this.#schemas = await EventSchemas.load(this.#schemaOptions)
    await this.#server.start()
    const url = `${this.#server.scheme}://${this.address}${this.#path}`
    const example = JSON.stringify({ name: 'signup', attributes: { plan: 'pro' } })
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

  async #post(request: Request, response: Response, tenant: Tenant | undefined): Promise<void> {
    const form = this.#formOf(request)
    const { credits } = this.#context
    const { body, permit } = await readBody(request, bodyLimits(credits, this.#maxBytes, 'max_body_size', tenant))
    const events = this.#read(form, body, permit)
    const { dropped, reason } = await this.#ingest.deliver(events.block, permit, requestHash(body), 0, tenant)
    // Only now: had the request been nacked, they would come, and count, again.
    for (const [reason, items] of events.rejected) this.#ingest.reject(reason, items)
    response.status(nothingGood(events) ? 400 : 200).json(answer(events, dropped, reason))
  }

  #read(form: BodyForm, body: Buffer, permit: Permit): ReadEvents {
    const { clock, credits } = this.#context
    const memory = memoryBeside(permit, credits)
    try {
      const options = {
        format: this.#format,
        schemas: this.#schemas,
        limits: this.#limits,
        maxBytes: credits.capacity,
        memory
      }
      return readEvents(form, body, clock.now(), options)
    } catch (error) {
      permit.release()
      throw error
    }
  }

  #formOf({ headers }: Request): BodyForm {
    const type = headers['content-type']
    const form = this.#mediaTypes.get(type?.split(';', 1)[0].trim().toLowerCase() ?? '')
    if (form !== undefined) return form
    const types = [...this.#mediaTypes.keys()].join(' or ')
    throw new RequestError(415, `content-type ${type ?? '(none)'} is not understood: set the header to ${types}`)
  }
}

const nothingGood = ({ block, rejected }: ReadEvents) => block.length === 0 && rejected.size > 0

function answer({ block, rejectedTotal, errors }: ReadEvents, dropped: number, reason: string): Answer {
  const later = dropped === 0 ? [] : [{ message: `${count(dropped, 'event')} dropped later on: ${reason}` }]
  return { accepted: block.length - dropped, rejected: rejectedTotal + dropped, errors: [...errors, ...later] }
}
