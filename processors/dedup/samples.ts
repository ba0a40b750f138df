import { SeriesMemo } from '../../core/model/series-memo.ts'
import type { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import type {
  Block,
  DistinctSketch,
  Distribution,
  Explanation,
  NamedSeries,
  PointBlock
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { CONFLICT, type DedupRule, DUPLICATE, NEW, NOT_IDENTIFIED } from './dedup-rule.ts'
import type { InFlightBatch } from './in-flight-batches.ts'
import { RememberingRule } from './remembering-rule.ts'

/** Mode `sample`: points of one series and time are one sample. Events pass. */
export class Samples extends RememberingRule implements DedupRule {
  readonly duplicateReason = 'duplicate'
  serial = 0
  #keepsFirst: boolean
  #value = new Uint32Array(4)
  #seriesKeys: SeriesMemo<Uint32Array>
  #block: PointBlock | undefined
  #now = 0

  constructor(config: Config) {
    super(config)
    this.#keepsFirst = config.conflict === 'keep_first'
    this.#seriesKeys = new SeriesMemo(series => {
      const key = new Uint32Array(4)
      this.hash.reset().text(series.key).finish(key)
      return key
    })
  }

  explain({ kind }: NamedSeries): Explanation {
    if (kind === 'event') return { fate: 'passes', why: 'times of points are compared, and these are events' }
    const other = this.#keepsFirst ? 'dropped as conflicting_sample' : 'let through once'
    const why = `a point of a time that came in the last ${this.window} is dropped as ${this.duplicateReason}; another value of that time is ${other}`
    return { fate: 'passes', why }
  }

  begin(block: Block, _inFlight: InFlightBatch, now: number): void {
    this.memory.expire(now)
    this.#block = block.type === 'points' ? block : undefined
    this.#now = now
  }

  judge(i: number): number {
    const block = this.#block
    if (block === undefined) return NOT_IDENTIFIED
    const { series } = block
    // Increments without an interval, such as StatsD's, may come many at a time: each is an observation of its own.
    if (series.metricOf(i).temporality === 'delta' && block.start[i] === 0) return NOT_IDENTIFIED
    this.hash.resume(this.#seriesKeys.get(series, i)).number(block.time[i]).finish(this.key)
    this.#hashValue(block, i)
    const [value0, value1] = this.#value
    if (!this.memory.recall(this.key)) return this.#remember(NEW)
    this.lateness = this.#now - this.memory.since
    if (this.memory.value0 === value0 && this.memory.value1 === value1) return DUPLICATE
    if (this.#keepsFirst) return CONFLICT
    // Each further value is an entry of its own, or it would pass again whenever it is sent again.
    this.hash.resume(this.key).words(value0, value1, 0, 0).finish(this.key)
    if (!this.memory.recall(this.key)) return this.#remember(CONFLICT)
    this.lateness = this.#now - this.memory.since
    return DUPLICATE
  }

  end(): void {
    this.#block = undefined
  }

  #remember(verdict: number): number {
    this.serial = this.memory.remember(this.key, this.#now, this.#value[0], this.#value[1])
    return verdict
  }

  /** 64 bits that are equal for equal values: a hash of the number, its flags and all of its distribution. */
  #hashValue(block: PointBlock, i: number): void {
    const hash = this.hash.reset().number(block.value[i])
    if (block.flags[i] !== 0) hash.words(block.flags[i], 0, 0, 0)
    const distribution = block.distributions.size === 0 ? undefined : block.distributions.get(i)
    if (distribution !== undefined) feedDistribution(hash, distribution)
    hash.finish(this.#value)
  }
}

function feedDistribution(hash: Murmur3, distribution: Distribution): void {
  hash.text(distribution.kind)
  if (distribution.kind === 'set') {
    for (const member of distribution.members) hash.text(member)
    return
  }
  if (distribution.kind === 'distinct') return feedState(hash, distribution.state)
  hash.number(distribution.count).number(distribution.sum)
  if (distribution.kind === 'summary') {
    for (const { quantile, value } of distribution.quantiles) hash.number(quantile).number(value)
    return
  }
  hash.number(distribution.min).number(distribution.max)
  if (distribution.kind === 'histogram') {
    feedNumbers(hash, distribution.bounds)
    return feedNumbers(hash, distribution.counts)
  }
  const { scale, zeroCount, zeroThreshold, positive, negative } = distribution
  hash.number(scale).number(zeroCount).number(zeroThreshold).number(positive.offset).number(negative.offset)
  feedNumbers(hash, positive.counts)
  feedNumbers(hash, negative.counts)
}

function feedState(hash: Murmur3, state: DistinctSketch['state']): void {
  feedNumbers(hash, state instanceof Float64Array ? state : (state.registers ?? state.sparse)!)
}

function feedNumbers(hash: Murmur3, numbers: ArrayLike<number>): void {
  hash.number(numbers.length)
  for (let i = 0; i < numbers.length; i++) hash.number(numbers[i])
}
