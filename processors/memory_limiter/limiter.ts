import { type Context, type Explanation, Gate } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { type Memory, processMemory } from './memory.ts'

/** Kinds of memory, as the user is told of them. */
type Kind = 'resident memory' | 'heap'

/** Refuses everything while memory was above a soft limit when it was looked at last. */
export class MemoryLimiter extends Gate {
  #config: Config
  #memory: Memory
  /** The memory that is short. */
  #short: Kind | undefined
  #cancelCheck: (() => void) | undefined
  #collections: { add(collections: number): void }

  constructor(config: Config, context: Context, memory = processMemory()) {
    super(context)
    this.#config = config
    this.#memory = memory
    const { instruments } = context
    instruments.gauge('refusing', '1 while batches are refused.', () => (this.#short === undefined ? 0 : 1))
    this.#collections = instruments.counter('collections_total', 'Garbage collections asked for above a hard limit.')
  }

  explain(): Explanation {
    const why =
      this.#short === undefined
        ? 'there is memory enough'
        : `${this.#short} is short: batches go back to their senders now`
    return { fate: 'passes', why }
  }

  protected override refusal(): string | undefined {
    return this.#short === undefined ? undefined : `has too little ${this.#short}`
  }

  async start(): Promise<void> {
    if (this.#cancelCheck === undefined) this.#check()
  }

  async stop(): Promise<void> {
    this.#cancelCheck?.()
  }

  #check(): void {
    const { clock } = this.context
    const { check_interval, soft_share } = this.#config
    this.#cancelCheck = clock.setTimer(check_interval - (clock.now() % check_interval), () => this.#check())
    if (this.#aboveShare(1) !== undefined && this.#memory.collect !== undefined) {
      this.#memory.collect()
      this.#collections.add(1)
    }
    this.#tell(this.#aboveShare(soft_share))
  }

  /** The memory of which more is used than `share` of its limit. */
  #aboveShare(share: number): Kind | undefined {
    const { max_rss = Number.POSITIVE_INFINITY, max_heap = this.#memory.heapLimit } = this.#config
    if (this.#memory.rss() > share * max_rss) return 'resident memory'
    return this.#memory.heapUsed() > share * max_heap ? 'heap' : undefined
  }

  #tell(short: Kind | undefined): void {
    if (short === this.#short) return
    const { log, status } = this.context
    this.#short = short
    if (short === undefined) status('ok')
    else {
      status('degraded', `too little ${short}: batches are refused`)
      log.warn({ rss: this.#memory.rss(), heap_used: this.#memory.heapUsed() }, `too little ${short}: refusing batches`)
    }
  }
}
