import type { Context, ItemLimits } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig, TargetGroup } from './config.ts'
import { Discovery } from './discovery.ts'
import { type Answer, NO_CREDENTIALS, Requests } from './request.ts'
import { sampleLabels } from './sample-labels.ts'
import { type ScrapeParts, TargetScraper } from './scrape.ts'
import { type ScrapeEvents, ScrapeLoop } from './scrape-loop.ts'
import { ScrapedSeries } from './scraped-series.ts'
import { type Target, targetMaker } from './target.ts'

/** One entry of `scrape_configs`: its targets come and go. */
export class ScrapeJob {
  readonly #context: Context
  readonly #requests: Requests
  readonly #listRequests = new Requests(NO_CREDENTIALS)
  readonly #discovery: Discovery
  readonly #targetsOf: (groups: readonly TargetGroup[]) => Target[]
  readonly #parts: ScrapeParts
  readonly #events: ScrapeEvents
  readonly #loops = new Map<string, ScrapeLoop>()
  /** Scrapers of targets that tests answer for, by address. */
  readonly #fed = new Map<string, TargetScraper>()
  #isStopped = false

  constructor(config: ScrapeConfig, limits: ItemLimits, events: ScrapeEvents, context: Context) {
    this.#context = context
    this.#events = events
    this.#requests = new Requests(config)
    this.#targetsOf = targetMaker(config)
    this.#discovery = new Discovery(config, this.#listRequests, context, groups => this.#adopt(groups))
    const { account } = context
    this.#parts = {
      config,
      labelsOf: sampleLabels(config),
      series: new ScrapedSeries(context, limits),
      drop: reason => {
        account.received++
        account.drop(reason)
      }
    }
  }

  get loops(): Iterable<ScrapeLoop> {
    return this.#loops.values()
  }

  get name(): string {
    return this.#parts.config.job_name
  }

  /** Takes `answer` for that of a scrape now. Returns the error for which it cannot be read. */
  feed(address: string, answer: Answer): Error | undefined {
    const scraper = this.#fed.get(address) ?? this.#scraperOf(address)
    if (scraper === undefined) return new Error(`relabel_configs of ${this.name} drop the target ${address}`)
    this.#fed.set(address, scraper)
    const { block, error } = scraper.read(answer, this.#context.clock.now(), () => 0)
    this.#events.emit(block)
    return error
  }

  #scraperOf(address: string): TargetScraper | undefined {
    const { static_configs } = this.#parts.config
    const labels = static_configs.find(({ targets }) => targets.includes(address))?.labels ?? {}
    const [target] = this.#targetsOf([{ targets: [address], labels }])
    return target && new TargetScraper(target, this.#parts)
  }

  start(): void {
    this.#requests.open()
    this.#listRequests.open()
    this.#discovery.start()
  }

  stop(): void {
    this.#isStopped = true
    this.#discovery.stop()
    for (const loop of this.#loops.values()) loop.stop()
    this.#requests.close()
    this.#listRequests.close()
  }

  /** Begins with targets that are new, and ends those that are gone. */
  #adopt(groups: readonly TargetGroup[]): void {
    if (this.#isStopped) return
    const targets = new Map(this.#targetsOf(groups).map(target => [target.key, target]))
    for (const [key, loop] of this.#loops) {
      if (targets.has(key)) continue
      loop.end()
      this.#loops.delete(key)
    }
    for (const [key, target] of targets) {
      if (this.#loops.has(key)) continue
      const loop = new ScrapeLoop(target, this.#parts, this.#requests, this.#events, this.#context)
      this.#loops.set(key, loop)
      loop.start()
    }
  }
}
