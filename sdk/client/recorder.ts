import { type Attributes, keyValues } from './any-value.ts'
import type { Client, Closed } from './client.ts'
import { type DropReason, EventBuffer } from './event-buffer.ts'
import { COUNTER, GAUGE, TIMING, UNIQUE } from './kinds.ts'
import type { Settings } from './options.ts'
import { pack } from './packing.ts'
import type { Signal } from './requests.ts'
import type { Sender } from './sender.ts'
import { SeriesIndex } from './series-index.ts'
import { unref } from './timers.ts'

const DEFAULT_DEADLINE_MS = 5000
/** A clock that is set back by less than this only makes an interval longer. */
const CLOCK_STEP_MS = 1000
/** Length of a member of a set in a request, for most of them. */
const CHARACTERS_PER_MEMBER = 64

/** Adds up what is recorded in intervals that begin at multiples of their length, and hands it to the sender. */
export class Recorder implements Client {
  readonly #settings: Settings
  readonly #sender: Sender
  readonly #maxCharacters: number
  readonly #resource: string
  readonly #counters: SeriesIndex<number>
  readonly #gauges: SeriesIndex<number>
  readonly #timings
  readonly #uniques
  readonly #events: EventBuffer
  /** Bounds of the open interval, Unix ms. There is none if the end is 0. */
  #start = 0
  #end = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #dropped = 0
  #closed: Promise<Closed> | undefined

  /** @param maxCharacters of a request, unless one item has more */
  constructor(settings: Settings, sender: Sender, maxCharacters: number) {
    const { maxSeries, resource } = settings
    this.#settings = settings
    this.#sender = sender
    this.#maxCharacters = maxCharacters
    this.#counters = new SeriesIndex(COUNTER, maxSeries)
    this.#gauges = new SeriesIndex(GAUGE, maxSeries)
    this.#timings = new SeriesIndex(TIMING, maxSeries)
    this.#uniques = new SeriesIndex(UNIQUE, maxSeries)
    this.#events = new EventBuffer(settings, reason => this.drop(reason))
    this.#resource = keyValues(resource)
  }

  /** Called most often, so without a closure. */
  count(name: string, n = 1, attributes?: Attributes): void {
    try {
      this.#begin(name, n)
      this.#counters.find(name, attributes).state += n
    } catch (error) {
      this.#misuse(error)
    }
  }

  gauge(name: string, value: number, attributes?: Attributes): void {
    this.#try(() => {
      this.#begin(name, value, -Infinity)
      this.#gauges.find(name, attributes).state = value
    })
  }

  timing(name: string, value: number, attributes?: Attributes, unit = 'ms'): void {
    this.#try(() => {
      this.#begin(name, value)
      this.#timings.find(name, attributes, unit).state.add(value)
    })
  }

  unique(name: string, member: string | number, attributes?: Attributes): void {
    this.#try(() => {
      const now = this.#begin(name, 0)
      const text = String(member)
      const find = () => this.#uniques.find(name, attributes).state
      if (!find().has(text) && find().size >= this.#maxCharacters / CHARACTERS_PER_MEMBER) {
        if (this.#sender.isFull) return this.drop('queue_full')
        this.#cut(now)
      }
      find().add(text)
    })
  }

  event(name: string, attributes?: Attributes): void {
    this.#try(() => {
      this.#events.add(name, attributes, this.#begin(name, 0))
      if (this.#events.characters > this.#maxCharacters && !this.#sender.isFull) this.#enqueueEvents()
    })
  }

  flush(): Promise<void> {
    this.enqueue()
    return this.#sender.flush()
  }

  close({ deadline = DEFAULT_DEADLINE_MS }: { readonly deadline?: number } = {}): Promise<Closed> {
    this.#closed ??= this.#close(deadline)
    return this.#closed
  }

  /** Hands everything that was recorded over to the sender, also if its queue is full. */
  enqueue(): void {
    if (this.#end > 0) this.#cut(Date.now())
  }

  /** Items that were left out are counted, and so told to the server too. */
  drop(reason: DropReason, items = 1): void {
    this.#dropped += items
    this.count('weir.client.dropped', items, { reason })
    this.#settings.diagnose({ code: 'dropped', message: reason, items })
  }

  async #close(deadline: number): Promise<Closed> {
    this.enqueue()
    this.#end = 0
    clearTimeout(this.#timer)
    const unsent = await this.#sender.close(deadline)
    const { rejected, refused } = this.#sender.totals
    return { unsent, refused: rejected + refused, dropped: this.#dropped }
  }

  /** The start of every call: each counts in the interval that it happens in. Returns the time, Unix ms. */
  #begin(name: string, value: number, least = 0): number {
    const now = Date.now()
    if (now >= this.#end || now < this.#start - CLOCK_STEP_MS) this.#advance(now)
    if (typeof name !== 'string' || name === '') throw new Error(`${name} is no name`)
    if (!Number.isFinite(value) || value < least) throw new Error(`${name}: ${value} is no number from ${least} on`)
    return now
  }

  /** Ends the interval that is over, and opens that of `now`. With a full queue it goes on, so that totals stay. */
  #advance(now: number): void {
    if (this.#closed) throw new Error('the client is closed')
    if (!this.#sender.isFull) this.#collect(now < this.#start ? this.#start + 1 : this.#end)
    const { interval } = this.#settings
    const begun = now - (now % interval)
    if (!this.#indexes.some(({ active }) => active.length > 0)) this.#start = begun
    this.#end = begun + interval
    this.#wait(this.#end - now)
  }

  #wait(ms: number): void {
    this.#timer ??= unref(setTimeout(() => this.#tick(), ms))
  }

  #tick(): void {
    this.#timer = undefined
    const now = Date.now()
    if (now < this.#end || this.#sender.isFull)
      return this.#wait(Math.max(this.#end - now, this.#settings.interval / 2))
    this.#collect(this.#end)
    this.#end = 0
  }

  /** Ends the interval early. The rest of it is one of its own. */
  #cut(now: number): void {
    this.#collect(Math.max(Math.min(now, this.#end), this.#start + 1))
  }

  get #indexes(): readonly SeriesIndex<never>[] {
    return [this.#counters, this.#gauges, this.#timings, this.#uniques] as unknown as SeriesIndex<never>[]
  }

  #collect(end: number): void {
    for (const { items, metrics } of pack(this.#indexes, this.#start, end, this.#maxCharacters))
      this.#enqueue('metrics', 'Metrics', 'metrics', items, metrics)
    for (const index of this.#indexes) index.reset()
    this.#start = end
    this.#enqueueEvents()
  }

  #enqueueEvents(): void {
    while (this.#events.characters > 0) {
      const records = this.#events.take(this.#maxCharacters)
      this.#enqueue('logs', 'Logs', 'logRecords', records.length, records.join())
    }
  }

  /** @param field end of OTLP's names of lists @param list name of the list that `content` is of */
  #enqueue(signal: Signal, field: string, list: string, items: number, content: string): void {
    this.#sender.enqueue(signal, items, identity => {
      const attributes = this.#resource && `${this.#resource},`
      const scope = `{"${list}":[${content}]}`
      return `{"resource${field}":[{"resource":{"attributes":[${attributes}${identity}]},"scope${field}":[${scope}]}]}`
    })
  }

  #try(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#misuse(error)
    }
  }

  #misuse(error: unknown): void {
    this.#settings.diagnose({ code: 'misuse', message: String(error), items: 1 })
  }
}
