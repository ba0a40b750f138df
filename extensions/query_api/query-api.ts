import type { Request, Response } from 'express'
import { ServerEvents } from '../../core/http/connection-events.ts'
import { RequestError } from '../../core/http/request-error.ts'
import type { HttpServer } from '../../core/http/server.ts'
import { openSite, type Read, type Site, serverOf } from '../../core/http/site.ts'
import { TENANT } from '../../core/model/tenant.ts'
import { QueryError } from '../../core/promql/query-error.ts'
import { QueryService } from '../../core/queries/query-service.ts'
import type { QueryRequest } from '../../core/queries/requests.ts'
import { UseNotes } from '../../core/queries/uses/use-notes.ts'
import type { Context, Extension, GroupStatus } from '../../sdk/plugin/index.ts'
import { BUILD_INFO } from './build-info.ts'
import { type Config, serviceOptions } from './config.ts'
import { plain, refuse, succeed } from './envelope.ts'
import { EVENT_QUESTIONS } from './events/questions.ts'
import { Forwarder } from './forward.ts'
import { Parameters } from './parameters.ts'
import { type PathParameters, QUESTIONS } from './questions.ts'
import { alertsAnswer, rulesAnswer } from './rule-answers.ts'

const GET_ONLY = ['get'] as const
const GET_AND_POST = ['get', 'post'] as const
/** Prometheus takes POST for the first of these too, since their parameters may be long. */
const WITH_POST: ReadonlySet<string> = new Set([
  'query',
  'query_range',
  'series',
  'labels',
  'format_query',
  'parse_query',
  'query_exemplars',
  ...EVENT_QUESTIONS.keys()
])
/** Once other parts have started, and before most people ask. */
const THREADS_DELAY_MS = 300
/** Answers that do not depend on the store. */
const FIXED = { 'status/buildinfo': BUILD_INFO }
/** A graph of the quickstart's counts. */
const EXAMPLE = 'sum by (plan) (rate(signup_total[1m]))'

/** The Prometheus HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export class QueryApi implements Extension {
  readonly #config: Config
  readonly #context: Context
  readonly #server: HttpServer
  readonly #forwarder: Forwarder | undefined
  readonly #service: QueryService | undefined
  readonly #uses: UseNotes
  #cancelThreads = () => {}

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#uses = new UseNotes(context, 'query')
    if (config.forward === undefined) this.#service = this.#makeService(config.store!)
    else this.#forwarder = new Forwarder(config.forward, config.tenant_label)
    const events = new ServerEvents(context)
    this.#server = serverOf(config.endpoint, this.#site(config.path_prefix), config, context, events)
    // The admin page asks there, of the server that it came from.
    context.admin.site(openSite(this.#site(''), events))
  }

  /** `host:port`, once started. */
  get address(): string {
    return this.#server.address
  }

  async start(): Promise<void> {
    await this.#server.start()
    this.#cancelThreads = this.#context.clock.setTimer(THREADS_DELAY_MS, () => this.#service?.start())
    const url = `${this.#server.scheme}://${this.address}${this.#config.path_prefix}`
    this.#context.announce(`Prometheus API on ${url}`, `curl ${url}/api/v1/query --data-urlencode 'query=${EXAMPLE}'`)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#cancelThreads()
    await this.#server.stop(signal)
    await this.#service?.close()
  }

  #makeService(store: string): QueryService {
    const { stores } = this.#context
    return new QueryService(() => stores.find(store), serviceOptions(this.#config), this.#context)
  }

  #site(prefix: string): Site {
    return {
      reads: this.#reads(prefix),
      elsewhere: ({ path }) => new RequestError(404, `there is nothing at ${path}: see ${prefix}/api/v1/query`),
      refuse: (error, _request, response) => refuse(response, error)
    }
  }

  /** @param prefix of all paths */
  #reads(prefix: string): NonNullable<Site['reads']> {
    const reads = new Map<string, { methods: readonly ('get' | 'post')[]; read: Read }>()
    const add = (name: string, read: Read) =>
      reads.set(`${prefix}/api/v1/${name}`, { methods: WITH_POST.has(name) ? GET_AND_POST : GET_ONLY, read })
    for (const [name, readQuestion] of this.#questions())
      add(name, (request, response, tenant) =>
        answering(response, gone => {
          const path = request.path.slice(prefix.length)
          return this.#answer({ readQuestion, request, response, path, tenant, gone })
        })
      )
    for (const [name, data] of Object.entries(FIXED))
      add(name, async (_request, response) => succeed(response, plain(data)))
    add('rules', this.#rules(rulesAnswer))
    add('alerts', this.#rules(alertsAnswer))
    for (const path of ['/-/healthy', '/-/ready'])
      reads.set(`${prefix}${path}`, {
        methods: GET_ONLY,
        read: async (_request, response) => void response.type('text/plain').end('Weir answers.\n')
      })
    return reads
  }

  /** Rules are of the tenants that they are for, so a reader of one tenant sees none. */
  #rules(answerOf: (groups: readonly GroupStatus[], parameters: Parameters) => object): Read {
    return (request, response, tenant) =>
      answering(response, async () => {
        const groups = tenant === undefined ? this.#context.stores.rules() : []
        succeed(response, plain(answerOf(groups, await Parameters.of(request))))
      })
  }

  /** Another server knows those of Prometheus only. */
  *#questions(): Generator<readonly [name: string, readQuestion: ReadQuestion]> {
    yield* QUESTIONS
    if (this.#service === undefined) return
    for (const [name, read] of EVENT_QUESTIONS)
      yield [name, (parameters, now) => ({ kind: 'events', question: read(parameters, now) })]
  }

  async #answer({ readQuestion, request, response, path, tenant, gone }: Asked): Promise<void> {
    const { tenant_label, timeout, read_timeout } = this.#config
    const parameters = await Parameters.of(request)
    const timeoutMs = Math.min(parameters.duration('timeout') ?? timeout, timeout)
    // Also before it is sent on: errors of parameters are the same then.
    const question = readQuestion(parameters, this.#context.clock.now(), request.params)
    this.#uses.note(question)
    if (this.#forwarder !== undefined) {
      return this.#forwarder.relay(
        { path, parameters, tenant },
        response,
        AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)])
      )
    }
    const label = question.kind === 'events' || question.kind === 'exemplars' ? TENANT : tenant_label
    const required = tenant === undefined ? [] : [[label, tenant] as const]
    const answer = await this.#service!.ask(question, { tenant: tenant ?? '', required, signal: gone, timeoutMs })
    // An answer is in memory until it is read.
    response.setTimeout(read_timeout, () => response.destroy())
    succeed(response, answer)
  }
}

type ReadQuestion = (parameters: Parameters, now: number, path: PathParameters) => QueryRequest

interface Asked {
  readonly readQuestion: ReadQuestion
  readonly request: Request
  readonly response: Response
  /** From `/api/v1` on. */
  readonly path: string
  readonly tenant: string | undefined
  readonly gone: AbortSignal
}

/** Answers by `answer`, or by its error. Other faults are the server's to answer. */
async function answering(response: Response, answer: (gone: AbortSignal) => Promise<void>): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    await answer(gone.signal)
  } catch (error) {
    if (gone.signal.aborted) return
    if (response.headersSent) return void response.destroy()
    if (!(error instanceof QueryError)) throw error
    refuse(response, error)
  }
}
