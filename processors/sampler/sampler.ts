import { attributesKey } from '../../core/model/attributes.ts'
import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { Selection } from '../../core/model/select.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import {
  type Attributes,
  attributeText,
  type Block,
  type Context,
  type EventBlock,
  type Explanation,
  FLAG_NO_RECORDED_VALUE,
  findAttribute,
  type MapProcessor,
  type NamedSeries,
  type PointBlock,
  type Series
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

const HASHES = 2 ** 32

/** The treatment of the points of a series. */
interface Treatment {
  /** Defined if all points of the series are kept or left out alike. */
  readonly isKept: boolean | undefined
  readonly isScaled: boolean
  /** Hash of the series, for a decision on each point. */
  readonly hash: Uint32Array
}

/** Keeps items with a hash below `probability`: the same items in any process, at any time, however often they come. */
export class Sampler implements MapProcessor {
  #config: Config
  #context: Context
  #match: Match | undefined
  #treatments = new SeriesMemo(series => this.#treatmentOf(series))
  #selection = new Selection()
  #hash = new Murmur3()
  #words = new Uint32Array(4)
  #seed = new Uint32Array(4)

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#match = config.match && compileMatch(config.match)
    this.#hash.reset().number(config.seed).finish(this.#seed)
  }

  explain(series: NamedSeries): Explanation {
    const { kind, temporality, attributes, resource } = series
    const isIncrement = temporality === 'delta' && (kind === 'counter' || kind === 'up_down_counter')
    if (!(isIncrement || kind === 'gauge' || kind === 'event') || this.#match?.item(series) === false)
      return { fate: 'passes', why: 'it is not sampled' }
    const shared = this.#sharedValue(attributes) ?? this.#sharedValue(resource)
    if (shared === undefined)
      return { fate: 'passes', why: `a share of ${this.#config.probability} of its items is kept` }
    if (this.#isBelow(this.#begin().text(shared))) return { fate: 'passes', why: 'all with its value are kept' }
    return { fate: 'dropped', why: 'sampled_out: all with its value are left out' }
  }

  process(block: Block): Block {
    const { probability } = this.#config
    const scaled = block.type === 'points' ? this.#choosePoints(block) : this.#chooseEvents(block)
    const left = block.length - this.#selection.length
    if (left > 0) this.#context.account.drop('sampled_out', left)
    if (!scaled.includes(1) || probability === 1) return this.#selection.of(block)
    const value = block.value.slice()
    for (let i = 0; i < value.length; i++) if (scaled[i] === 1) value[i] /= probability
    return this.#selection.of({ ...block, value })
  }

  /** Selects the rows to keep; returns 1 for each row that stands for several. */
  #choosePoints({ length, series, time, value, flags }: PointBlock): Uint8Array {
    const selection = this.#selection
    const scaled = new Uint8Array(length)
    selection.begin(length)
    for (let i = 0; i < length; i++) {
      const { isKept, isScaled, hash } = this.#treatments.get(series, i)
      const isEnd = (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
      if (isEnd || (isKept ?? this.#isBelow(this.#hash.resume(hash).number(time[i]).number(value[i])))) selection.add(i)
      if (isScaled) scaled[i] = 1
    }
    return scaled
  }

  #chooseEvents(block: EventBlock): Uint8Array {
    const selection = this.#selection
    const scaled = new Uint8Array(block.length)
    selection.begin(block.length)
    for (let i = 0; i < block.length; i++) {
      const isSampled = this.#match?.event(block, i) !== false
      if (!isSampled || this.#isBelow(this.#hashEvent(block, i))) selection.add(i)
      if (isSampled) scaled[i] = 1
    }
    return scaled
  }

  #hashEvent({ name, id, attributes, time, value }: EventBlock, i: number): Murmur3 {
    const shared = this.#sharedValue(attributes[i])
    if (shared !== undefined) return this.#begin().text(shared)
    const own = id[i]
    if (own !== undefined) return this.#begin().text(own)
    return this.#begin().text(name[i]).text(attributesKey(attributes[i])).number(time[i]).number(value[i])
  }

  #treatmentOf(series: Series): Treatment {
    const { metric, attributes, resource } = series
    const { kind, temporality } = metric
    const isIncrement = temporality === 'delta' && (kind === 'counter' || kind === 'up_down_counter')
    const hash = new Uint32Array(4)
    // Any point of a cumulative series may be left out, but no part of its value. Distributions cannot be scaled.
    if (!(isIncrement || kind === 'gauge') || this.#match?.series(series) === false)
      return { isKept: true, isScaled: false, hash }
    const shared = this.#sharedValue(attributes) ?? this.#sharedValue(resource.attributes)
    if (shared !== undefined) return { isKept: this.#isBelow(this.#begin().text(shared)), isScaled: isIncrement, hash }
    this.#begin().text(series.key).finish(hash)
    return { isKept: undefined, isScaled: isIncrement, hash }
  }

  /** The value that decides for all that have it. */
  #sharedValue(attributes: Attributes): string | undefined {
    const { attribute } = this.#config
    const value = attribute === undefined ? undefined : findAttribute(attributes, attribute)
    return value === undefined ? undefined : attributeText(value)
  }

  #begin(): Murmur3 {
    return this.#hash.resume(this.#seed)
  }

  #isBelow(hash: Murmur3): boolean {
    hash.finish(this.#words)
    return this.#words[0] < this.#config.probability * HASHES
  }
}
