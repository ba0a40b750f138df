import { QueryError } from '../../../core/promql/query-error.ts'
import { orAborted } from '../or-aborted.ts'
import { cachedRowsSql, columnsIn, countSql, MOST_MS } from './cached-rows.ts'
import { CachedSeries, type SampleColumns, SeriesRoom } from './cached-series.ts'
import type { RowRange, Tables } from './sample-sources.ts'
import type { Statements } from './statements.ts'

const NO_SAMPLES: SampleColumns = { times: new Float64Array(0), values: new Float64Array(0), stale: undefined }
/** Of the stretch, in time, if samples before or after it are asked for: who goes on by a bit will soon go on by another. */
const MORE = 1 / 8
/** Of the stretch, in time: removing samples moves all others. */
const LEAST_REMOVED = 1 / 4
/** A range that was too long is not tried again for so long. */
const RETRY_MS = 60_000

export interface CoverRequest {
  /** Asked only if samples are read. */
  tables(signal: AbortSignal): Promise<Tables>
  /** Unix ms: `after < time <= until`. */
  readonly after: number
  readonly until: number
  /** Most samples to keep. */
  readonly most: number
}

/** The samples of all series of a metric, of one stretch of time. It moves on with the queries. */
export class CachedMetric {
  readonly #name: string
  readonly #statements: Statements
  #series = new Map<bigint, CachedSeries>()
  /** Unix ms: the samples with `after < time <= until` are here, as they were after so many writes. */
  #after = 0
  #until = 0
  #writes = 0
  #samples = 0
  /** A range that had too many samples. */
  #tooLong = { ms: Number.POSITIVE_INFINITY, at: 0 }
  /** One update at a time. */
  #updating: Promise<unknown> = Promise.resolve()

  constructor(name: string, statements: Statements) {
    this.#name = name
    this.#statements = statements
  }

  /** Samples in memory. */
  get samples(): number {
    return this.#samples
  }

  /**
   * The samples of these series in the range, as they are now. Undefined if those of all series are more than may be kept, or if
   * the range is before that of other queries.
   */
  read(ids: readonly bigint[], range: CoverRequest, signal: AbortSignal): Promise<SampleColumns[] | undefined> {
    const read = this.#updating.then(async () => {
      if (!(await this.#cover(range, signal))) return undefined
      return ids.map(id => this.#series.get(id)?.view(range.after, range.until) ?? NO_SAMPLES)
    })
    this.#updating = read.catch(() => {})
    return orAborted(read, signal)
  }

  async #cover(range: CoverRequest, signal: AbortSignal): Promise<boolean> {
    const { after, until } = range
    const writes = await this.#statements.writes(signal, this.#writes)
    if (writes === undefined) return false
    if (writes.changedFrom !== null) this.#removeFrom(writes.changedFrom)
    this.#writes = writes.blocks
    if (after >= this.#after && until <= this.#until) return true
    const isEmpty = this.#samples === 0
    if (!isEmpty && until <= this.#after) return false
    const isLonger = after < this.#after && after < this.#until
    // A gap would have to be read too.
    const isAnother = isEmpty || isLonger || after > this.#until
    const longest = isLonger ? Math.max(until, this.#until) : until
    const end = isAnother ? longest : this.#ahead(range)
    const begin = isLonger ? after - Math.ceil((end - after) * MORE) : after
    if (!(await this.#hasRoom(isAnother ? begin : this.#until, end, isAnother, range, signal))) return false
    if (isAnother) this.#clear(begin)
    else this.#removeUntil(after, range.most)
    const ms = end - this.#until
    try {
      return await this.#load(range, end, signal)
    } catch (error) {
      // ClickHouse's bounds of memory and results may be lower. A function over the samples may be within them.
      if (!(error instanceof QueryError) || error.kind !== 'execution') throw error
      this.#tooLong = { ms, at: performance.now() }
      return false
    }
  }

  /** Unix ms: up to where samples are read for a range that goes on. Of the past, for none of the future is there. */
  #ahead({ after, until, most }: CoverRequest): number {
    const ahead = Math.min(until + Math.ceil((until - after) * MORE), Date.now())
    const expected = (this.#samples * (ahead - this.#until)) / (this.#until - this.#after)
    return expected < (most - this.#samples) / 2 ? Math.max(until, ahead) : until
  }

  /** True if there may be room for the samples with `after < time <= until`, instead of those that are here or beside them. */
  async #hasRoom(
    after: number,
    until: number,
    isInstead: boolean,
    { tables, most }: CoverRequest,
    signal: AbortSignal
  ): Promise<boolean> {
    const room = isInstead ? most : most - this.#samples
    const ms = until - after
    if (room <= 0 || ms > MOST_MS) return false
    const { ms: tooLong, at } = this.#tooLong
    if (ms >= tooLong && performance.now() - at < RETRY_MS) return false
    const expected = this.#samples === 0 ? undefined : (this.#samples * ms) / (this.#until - this.#after)
    const isFew = expected !== undefined && expected < room / 2
    const count = isFew ? expected : await this.#count(this.#rangeOf(await tables(signal), after, until), room, signal)
    if (count <= room) return true
    this.#tooLong = { ms, at: performance.now() }
    return false
  }

  async #count(range: RowRange & Tables, most: number, signal: AbortSignal): Promise<number> {
    const [block] = await this.#statements.ask(countSql(range, most), signal)
    return block.numbers('samples')[0]
  }

  async #load({ tables, most }: CoverRequest, until: number, signal: AbortSignal): Promise<boolean> {
    const range = this.#rangeOf(await tables(signal), this.#until, until)
    const room = most - this.#samples
    const blocks = await this.#statements.ask(cachedRowsSql(range), signal)
    const columns = blocks.flatMap(block => [...columnsIn(block, range.after)])
    const count = columns.reduce((sum, [, samples]) => sum + (samples?.since.length ?? 0), 0)
    if (count > room || columns.some(([, samples]) => samples === undefined)) return false
    const fresh = columns.filter(([id]) => !this.#series.has(id))
    const memory = new SeriesRoom(fresh.map(([, samples]) => samples!.since.length))
    for (const [id, samples] of fresh) this.#series.set(id, new CachedSeries(memory.take(samples!.since.length)))
    for (const [id, samples] of columns) this.#series.get(id)!.append(samples!)
    this.#samples += count
    this.#until = until
    return true
  }

  #rangeOf(tables: Tables, after: number, until: number): RowRange & Tables {
    return { ...tables, names: [this.#name], ids: undefined, after, until }
  }

  #clear(after: number): void {
    this.#series = new Map()
    this.#samples = 0
    this.#after = after
    this.#until = after
  }

  /** Samples from `time` on may have changed. */
  #removeFrom(time: number): void {
    if (time > this.#until) return
    if (time <= this.#after) return this.#clear(this.#after)
    for (const series of this.#series.values()) series.removeAfter(time - 1)
    this.#until = time - 1
    this.#countSamples()
  }

  /** All but those after `after`, once there is little room for more and it is worth to move them. */
  #removeUntil(after: number, most: number): void {
    const share = (after - this.#after) / (this.#until - this.#after)
    if (this.#samples < most / 2 || share < LEAST_REMOVED) return
    for (const [id, series] of this.#series) {
      series.removeUntil(after)
      if (series.length === 0) this.#series.delete(id)
    }
    this.#after = after
    this.#countSamples()
  }

  #countSamples(): void {
    this.#samples = this.#series.values().reduce((sum, { length }) => sum + length, 0)
  }
}
