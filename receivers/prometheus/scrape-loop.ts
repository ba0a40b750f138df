import type { Context, Permit, PointBlock } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig } from './config.ts'
import type { Answer, Requests } from './request.ts'
import { type ScrapeParts, TargetScraper } from './scrape.ts'
import { offsetOf, type Target } from './target.ts'

/** A timer that is later than this leaves its mark on times; an earlier one does not. */
const TIME_TOLERANCE_MS = 2

const TEXT_FORMATS =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6'

/** Told of scrapes. */
export interface ScrapeEvents {
  emit(block: PointBlock): void
  scraped(target: Target, error: Error | undefined): void
}

/** Scrapes one target, again and again. */
export class ScrapeLoop {
  readonly target: Target
  isUp = false
  readonly #context: Context
  readonly #config: ScrapeConfig
  readonly #requests: Requests
  readonly #events: ScrapeEvents
  readonly #scraper: TargetScraper
  readonly #stopped = new AbortController()
  #cancel: (() => void) | undefined

  constructor(target: Target, parts: ScrapeParts, requests: Requests, events: ScrapeEvents, context: Context) {
    this.target = target
    this.#context = context
    this.#config = parts.config
    this.#requests = requests
    this.#events = events
    this.#scraper = new TargetScraper(target, parts)
  }

  /** Scrapes begin at multiples of the interval, and the target's own offset. */
  start(): void {
    const { intervalMs } = this.target
    const now = this.#context.clock.now()
    const offset = offsetOf(this.target)
    const next = Math.ceil((now - offset) / intervalMs) * intervalMs + offset
    this.#schedule(next)
  }

  stop(): void {
    this.#cancel?.()
    this.#stopped.abort()
  }

  /** Ends all series: the target is gone for good. */
  end(): void {
    this.stop()
    const block = this.#scraper.endAll(this.#context.clock.now())
    if (block.length > 0) this.#events.emit(block)
  }

  #schedule(time: number): void {
    const { clock } = this.#context
    this.#cancel = clock.setTimer(Math.max(0, time - clock.now()), () => void this.#scrape(time))
  }

  async #scrape(due: number): Promise<void> {
    const { clock } = this.#context
    const permit = this.#context.credits.tryTake(0)
    try {
      await this.#scrapeWith(permit, due)
    } catch (error) {
      this.#context.log.error(error, `the scrape of ${this.target.url} failed by a fault of this receiver`)
    } finally {
      permit?.release()
    }
    if (this.#stopped.signal.aborted) return
    const { intervalMs } = this.target
    // Scrapes that should have begun meanwhile are left out.
    this.#schedule(due + Math.max(1, Math.ceil((clock.now() - due) / intervalMs)) * intervalMs)
  }

  async #scrapeWith(permit: Permit | undefined, due: number): Promise<void> {
    const { clock } = this.#context
    const began = clock.now()
    const time = began - due <= TIME_TOLERANCE_MS ? due : began
    const answer = permit === undefined ? new Error('the memory budget is spent') : await this.#request(permit)
    if (this.#stopped.signal.aborted) return
    const { block, error } = this.#scraper.read(answer, time, () => clock.now() - began)
    this.isUp = error === undefined
    this.#events.scraped(this.target, error)
    this.#events.emit(block)
  }

  async #request(permit: Permit): Promise<Answer | Error> {
    const { timeoutMs, url } = this.target
    const late = new AbortController()
    const cancel = this.#context.clock.setTimer(timeoutMs, () =>
      late.abort(new Error(`${url} did not answer within ${timeoutMs} ms`))
    )
    const accept = this.#config.scrape_native_histograms ? `${PROTOBUF},${TEXT_FORMATS}` : TEXT_FORMATS
    const headers = { accept, 'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000) }
    const signal = AbortSignal.any([late.signal, this.#stopped.signal])
    try {
      return await this.#requests.get(url, headers, { permit, maxBytes: this.#config.body_size_limit, signal })
    } catch (error) {
      return late.signal.aborted ? late.signal.reason : (error as Error)
    } finally {
      cancel()
    }
  }
}
