import { type Attributes, keyValues } from './any-value.ts'
import type { Client, Closed } from './client.ts'
import { type DropReason, EventBuffer } from './event-buffer.ts'
import type { Settings } from './options.ts'
import { pack } from './packing.ts'
import type { Sender } from './sender.ts'
import { Counter, Gauge, type Series, Timing, Unique } from './series.ts'
import { SeriesIndex } from './series-index.ts'
import { unref } from './timers.ts'

const DEFAULT_DEADLINE_MS = 5000
/** A clock that is set back by less than this only makes an interval longer. */
const CLOCK_STEP_MS = 1000

/** Adds up what is recorded in intervals that begin at multiples of their length, and hands it to the sender. */
export class Recorder implements Client {
  readonly #settings: Settings
  readonly #sender: Sender
  readonly #maxCharacters: number
  readonly #resource: string
  readonly #counters: SeriesIndex<Counter>
  readonly #gauges: SeriesIndex<Gauge>
  readonly #timings: SeriesIndex<Timing>
  readonly #uniques: SeriesIndex<Unique>
  readonly #events: EventBuffer
  /** Of the open interval, Unix ms. There is none if the end is 0. */
  #start = 0
  #end = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #dropped = 0
  #closed: Promise<Closed> | undefined

  /** @param maxCharacters of a request, unless one item has more */
  constructor(settings: Settings, sender: Sender, maxCharacters: number) {
    const { maxSeries, maxQueueBytes, resource } = settings
    this.#settings = settings
    this.#sender = sender
    this.#maxCharacters = maxCharacters
    this.#counters = new SeriesIndex(Counter, maxSeries)
    this.#gauges = new SeriesIndex(Gauge, maxSeries)
    this.#timings = new SeriesIndex(Timing, maxSeries)
    this.#uniques = new SeriesIndex(Unique, maxSeries)
    this.#events = new EventBuffer({ ...settings, maxBytes: maxQueueBytes }, reason => this.drop(reason))
    this.#resource = keyValues(resource)
  }

  count(name: string, n = 1, attributes?: Attributes): void {
    try {
      this.#begin(name)
      if (!(typeof n === 'number' && n >= 0 && n < Infinity)) throw notANumber('count', name, n)
      const series = this.#counters.find(name, attributes)
      if (series === undefined) this.drop('too_many_names')
      else series.total += n
    } catch (error) {
      this.#misuse(error)
    }
  }

  gauge(name: string, value: number, attributes?: Attributes): void {
    try {
      this.#begin(name)
      if (!Number.isFinite(value)) throw notANumber('gauge', name, value)
      const series = this.#gauges.find(name, attributes)
      if (series === undefined) this.drop('too_many_names')
      else series.last = value
    } catch (error) {
      this.#misuse(error)
    }
  }

  timing(name: string, value: number, attributes?: Attributes, unit = 'ms'): void {
    try {
      this.#begin(name)
      if (!Number.isFinite(value) || value < 0) throw notANumber('timing', name, value)
      const series = this.#timings.find(name, attributes, unit)
      if (series === undefined) this.drop('too_many_names')
      else series.histogram.add(value)
    } catch (error) {
      this.#misuse(error)
    }
  }

  unique(name: string, member: string | number, attributes?: Attributes): void {
    try {
      const now = this.#begin(name)
      const series = this.#uniques.find(name, attributes)
      const text = String(member)
      if (series === undefined) return this.drop('too_many_names')
      if (series.members.has(text)) return
      if (series.characters + text.length > this.#maxCharacters / 2) {
        if (this.#sender.isFull) return this.drop('queue_full')
        this.#cut(now)
        return this.unique(name, text, attributes)
      }
      series.add(text)
    } catch (error) {
      this.#misuse(error)
    }
  }

  event(name: string, attributes?: Attributes): void {
    try {
      const now = this.#begin(name)
      this.#events.add(name, attributes, now)
      if (this.#events.characters > this.#maxCharacters && !this.#sender.isFull) this.#enqueueEvents()
    } catch (error) {
      this.#misuse(error)
    }
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
    if (this.#end === 0) return
    this.#cut(Date.now())
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
  #begin(name: string): number {
    const now = Date.now()
    if (now >= this.#end || now < this.#start - CLOCK_STEP_MS) this.#advance(now)
    if (typeof name !== 'string' || name === '') throw new TypeError(`a name must be a text, not ${String(name)}`)
    return now
  }

  /** Ends the interval that is over, and opens that of `now`. With a full queue it goes on, so that totals stay. */
  #advance(now: number): void {
    if (this.#closed !== undefined) throw new Error('the client is closed: nothing is recorded any more')
    if (!this.#sender.isFull) this.#collect(now < this.#start ? this.#start + 1 : this.#end)
    const { interval } = this.#settings
    const begun = now - (now % interval)
    if (!this.#hasItems) this.#start = begun
    this.#end = begun + interval
    this.#timer ??= unref(setTimeout(() => this.#tick(), this.#end - now))
  }

  #tick(): void {
    this.#timer = undefined
    const now = Date.now()
    if (now >= this.#end && !this.#sender.isFull) {
      this.#collect(this.#end)
      this.#end = 0
    } else this.#timer = unref(setTimeout(() => this.#tick(), Math.max(this.#end - now, this.#settings.interval / 2)))
  }

  /** Ends the interval early. The rest of it is one of its own. */
  #cut(now: number): void {
    const end = Math.max(Math.min(now, this.#end), this.#start + 1)
    this.#collect(end)
    this.#start = end
  }

  get #hasItems(): boolean {
    return this.#kinds.some(({ active }) => active.length > 0) || this.#events.characters > 0
  }

  get #kinds(): readonly SeriesIndex<Series>[] {
    return [this.#counters, this.#gauges, this.#timings, this.#uniques]
  }

  #collect(end: number): void {
    const active = this.#kinds.flatMap(({ active }) => active)
    for (const { items, metrics } of pack(active, [this.#start, end], this.#maxCharacters))
      this.#enqueue('metrics', items, `"scopeMetrics":[{"metrics":[${metrics}]}]`)
    for (const kind of this.#kinds) kind.reset()
    this.#enqueueEvents()
  }

  #enqueueEvents(): void {
    while (this.#events.characters > 0) {
      const records = this.#events.take(this.#maxCharacters)
      this.#enqueue('logs', records.length, `"scopeLogs":[{"logRecords":[${records}]}]`)
    }
  }

  #enqueue(signal: 'metrics' | 'logs', items: number, scopes: string): void {
    const field = signal === 'metrics' ? 'resourceMetrics' : 'resourceLogs'
    this.#sender.enqueue(signal, items, identity => {
      const attributes = this.#resource === '' ? identity : `${this.#resource},${identity}`
      return `{"${field}":[{"resource":{"attributes":[${attributes}]},${scopes}}]}`
    })
  }

  /** Items that were left out are counted, and so told to the server too. */
  drop(reason: DropReason, items = 1): void {
    if (this.#end === 0 && this.#closed === undefined) this.#advance(Date.now())
    this.#dropped += items
    const series = this.#counters.find('weir.client.dropped', { reason })
    if (series !== undefined) series.total += items
    this.#settings.diagnose({ code: 'dropped', message: reason, items })
  }

  #misuse(error: unknown): void {
    this.#settings.diagnose({
      code: 'misuse',
      message: error instanceof Error ? error.message : String(error),
      items: 1
    })
  }
}

const notANumber = (call: string, name: string, seen: unknown) =>
  new TypeError(
    `${call} ${name}: the number must be finite${call === 'gauge' ? '' : ' and at least 0'}, not ${String(seen)}`
  )
