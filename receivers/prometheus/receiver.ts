import { labelling } from '../../core/http/tenants/label.ts'
import { AutoRetry, type Context, type PointBlock, type Receiver } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { Input } from './input.ts'
import { ScrapeJob } from './job.ts'
import type { Target } from './target.ts'

/** Scrapes the targets of all jobs. */
export class PrometheusReceiver implements Receiver {
  readonly #context: Context
  readonly #entry: AutoRetry
  readonly #jobs: readonly ScrapeJob[]
  readonly #failed: { add(value: number): void }

  constructor({ scrape_configs, tenant, limits }: Config, context: Context) {
    this.#context = context
    this.#entry = new AutoRetry(context)
    const { instruments } = context
    const scrapes = instruments.counter('scrapes_total', 'Scrapes done, failed ones too.')
    this.#failed = instruments.counter(
      'failed_scrapes_total',
      'Scrapes without an answer, or with one that does not parse.'
    )
    const labelled = labelling(tenant, context)
    const events = {
      emit: (block: PointBlock) => {
        const own = labelled(block)
        if (own.length > 0) this.#entry.push(own)
      },
      scraped: (target: Target, error: Error | undefined) => {
        scrapes.add(1)
        if (error !== undefined) this.#fail(target, error)
      }
    }
    this.#jobs = scrape_configs.map(config => new ScrapeJob(config, limits, events, context))
    instruments.gauge('targets', 'Targets to scrape.', () => this.#count(() => true))
    instruments.gauge('targets_up', 'Targets whose last scrape went well.', () => this.#count(loop => loop.isUp))
  }

  get batches$() {
    return this.#entry.batches$
  }

  async feed(input: unknown): Promise<string | undefined> {
    const { job, target, text, content_type: contentType } = input as Input
    const found = this.#jobs.find(({ name }) => name === job)
    if (found === undefined) throw new Error(`there is no job ${job}: ${this.#jobs.map(({ name }) => name).join(', ')}`)
    return found.feed(target, { body: Buffer.from(text), contentType })?.message
  }

  async start(): Promise<void> {
    for (const job of this.#jobs) job.start()
  }

  async stop(): Promise<void> {
    for (const job of this.#jobs) job.stop()
    this.#entry.close()
  }

  #count(is: (loop: { readonly isUp: boolean }) => boolean): number {
    let count = 0
    for (const { loops } of this.#jobs) for (const loop of loops) if (is(loop)) count++
    return count
  }

  #fail({ url }: Target, error: Error): void {
    this.#failed.add(1)
    this.#context.log.debug({ target: url.href, error: error.message }, 'a scrape failed')
  }
}
