import { ServerEvents } from '../../core/http/connection-events.ts'
import { HttpServer } from '../../core/http/server.ts'
import { ServerCertificate } from '../../core/http/tls.ts'
import { openState, sealState } from '../../core/model/saved-state.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import type { LabelOptions } from '../../core/wire/prometheus/labels.ts'
import { namedStreams } from '../../core/wire/prometheus/named-streams.ts'
import {
  type Block,
  type Context,
  type Distribution,
  type Explanation,
  type Exporter,
  FLAG_NO_RECORDED_VALUE,
  type NamedSeries,
  type PointBlock,
  type StateFigures
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Families, type Place, type Refusal, type SavedFamily } from './families.ts'
import { serveMetrics } from './scrape.ts'

/** The state's format. */
const VERSION = 1
/** Series expire at multiples of this part of their time. */
const EXPIRIES = 8

/** Keeps the latest point of each series, and adds up increments, until somebody scrapes them. */
export class PrometheusExporter implements Exporter {
  readonly #context: Context
  readonly #path: string
  readonly #expirationMs: number
  readonly #labels: LabelOptions
  readonly #families: Families
  readonly #places: SeriesMemo<Place>
  readonly #server: HttpServer
  #lastExpiry = 0

  constructor(config: Config, context: Context) {
    const { path, metric_expiration, max_series } = config
    this.#context = context
    this.#path = path
    this.#expirationMs = metric_expiration
    this.#labels = {
      strategy: config.translation_strategy,
      externalLabels: config.const_labels,
      promoteResourceAttributes: config.promote_resource_attributes
    }
    this.#families = new Families(this.#labels, config.target_info, max_series)
    this.#places = new SeriesMemo(series => this.#families.placeOf(series))
    context.instruments.gauge('series', 'Series exposed.', () => this.#families.size)
    this.#server = this.#makeServer(config)
  }

  /** `host:port`, once started. */
  get address(): string {
    return this.#server.address
  }

  async start(): Promise<void> {
    await this.#server.start()
    const url = `${this.#server.scheme}://${this.address}${this.#path}`
    this.#context.announce(`Prometheus metrics on ${url}`, `curl ${url}`)
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#server.stop(signal)
  }

  async export(block: Block): Promise<void> {
    if (block.type !== 'points') return
    const now = this.#context.clock.now()
    if (now - this.#lastExpiry >= this.#expirationMs / EXPIRIES) this.#expire()
    for (let i = 0; i < block.length; i++) this.#take(block, i, now)
  }

  explain(series: NamedSeries): Explanation {
    if (series.kind === 'event') return { fate: 'dropped', why: 'Prometheus scrapes no events' }
    return { fate: 'stored', why: `exposed for scrapes at ${this.#path}`, places: namedStreams(series, this.#labels) }
  }

  figures(): StateFigures {
    return { entries: { series: this.#families.size } }
  }

  snapshot(): Uint8Array {
    return sealState(VERSION, this.#families.save())
  }

  restore(state: Uint8Array): void {
    this.#families.restore(openState(VERSION, state) as SavedFamily[])
  }

  #makeServer(config: Config): HttpServer {
    const { endpoint, path, auth, tls } = config
    const { access, instruments, log } = this.#context
    const scrapes = instruments.counter('scrapes_total', 'Scrapes answered.')
    const events = new ServerEvents(this.#context)
    const collect = () => {
      this.#expire()
      scrapes.add(1)
      return this.#families
    }
    // Not by `Admission`: a scraper takes the data of all tenants, and is none of them.
    const authenticator = auth === undefined ? undefined : access.authenticator(auth)
    const certificate = tls && new ServerCertificate(tls, this.#context)
    return new HttpServer(endpoint, serveMetrics({ path, authenticator, collect, events, log }), {
      limits: config,
      events,
      certificate
    })
  }

  #take(block: PointBlock, i: number, now: number): void {
    const { series, time, start, value, flags, distributions } = block
    const place = this.#places.get(series, i)
    const isEnd = (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
    // A series of increments has no last value that could end.
    if (isEnd) return place.isDelta ? undefined : this.#families.remove(place)
    const refusal = this.#keep(place, now)
    if (refusal !== undefined) return this.#drop(refusal, block, i)
    const distribution = exposedDistribution(distributions.get(i))
    if (place.isDelta) place.point.add(time[i], start[i], value[i], distribution)
    else place.point.replace(time[i], start[i], value[i], distribution)
    const { target } = place
    if (target !== undefined && this.#keep(target, now) === undefined) target.point.replace(time[i], 0, 1, undefined)
  }

  /** Exposes the series; or returns why it cannot be. */
  #keep(place: Place, now: number): Refusal | undefined {
    const refusal = place.point.isExposed ? undefined : this.#families.expose(place)
    if (refusal === undefined) place.point.lastSeen = now
    return refusal
  }

  /** The sending queue books all points of a block as sent. */
  #drop(reason: Refusal, block: PointBlock, i: number): void {
    const { account } = this.#context
    const book = (items: number) => {
      account.sent -= items
      account.drop(reason, items)
    }
    account.book(block, book, [{ from: i, to: i + 1 }])
  }

  #expire(): void {
    this.#lastExpiry = this.#context.clock.now()
    this.#families.expire(this.#lastExpiry - this.#expirationMs)
  }
}

/** Of a set only the number of members is exposed. */
function exposedDistribution(distribution: Distribution | undefined): Distribution | undefined {
  return distribution?.kind === 'set' || distribution?.kind === 'distinct' ? undefined : distribution
}
