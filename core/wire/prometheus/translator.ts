import { attributesKey } from '../../model/attributes.ts'
import type { Distribution } from '../../model/distribution.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../model/points.ts'
import type { Resource } from '../../model/series.ts'
import { SeriesMemo } from '../../model/series-memo.ts'
import type { IdHolder } from '../../model/series-table/id-lifetimes.ts'
import type { SeriesContext } from '../../model/series-table/series-contexts.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import {
  EarlierStreams,
  LOOKBACK_MS,
  NameLists,
  type SavedStreams,
  StreamWriter,
  streamHash
} from './earlier-streams.ts'
import { type LabelOptions, type Labels, seriesLabels, targetInfoLabels, withLabels } from './labels.ts'
import { type Family, type Metadata, newFamily } from './metadata.ts'
import { metricName } from './metric-names.ts'
import { type LabelSetIds, NumberStreams } from './number-streams.ts'
import { Samples } from './samples.ts'
import { DistributionStreams, type ExponentialForm } from './streams.ts'

// Often enough for PromQL's lookback of five minutes.
const TARGET_INFO_INTERVAL_MS = 60_000
// Mimir forgets metadata after ten minutes.
const METADATA_INTERVAL_MS = 300_000
// A clock further ahead must not silence `target_info` until time has caught up with it.
const MAX_SKEW_MS = 600_000
// Resources and families are few; a sender that makes them up must not fill memory.
const MAX_REMEMBERED = 50_000
// Lists of exponential buckets, some microseconds each, made with one checkpoint; those of others are as the last one left them.
const MAX_RENEWALS = 500
/** Series whose label sets are made before the caller may do something else: some 5 us each if they are of numbers. */
const SERIES_PER_STEP = 64

export interface TranslatorOptions extends LabelOptions {
  /** Set if resources are sent as `target_info`. */
  readonly targetInfo: boolean
  readonly exponentialHistograms: ExponentialForm
}

export interface Translation {
  readonly samples: Samples
  /** Families not announced of late. */
  readonly metadata: readonly Metadata[]
}

interface Target {
  /** Its label set. */
  readonly info: number
  announcedAt: number
  /** The translation that looked at it last. */
  seenIn: number
}

/** Facts about all series of one context. */
interface ContextFacts {
  readonly context: SeriesContext
  readonly name: string
  readonly family: Family
  readonly target: Target | undefined
  readonly isNumber: boolean
  readonly isDelta: boolean
}

/** A series of distributions. */
interface Distributed {
  readonly id: number
  readonly streams: DistributionStreams
  /** For {@link EarlierStreams}. */
  readonly hash: number
  /** The time when points of it came last, Unix ms. */
  seenAt: number
}

/**
 * OpenTelemetry points as Prometheus samples, by the "Prometheus and OpenMetrics compatibility" specification. Deltas,
 * which it drops, are sent as they are. Label sets are made once for each series, and kept by their ids.
 */
export class Translator {
  #options: TranslatorOptions
  #labelSets: LabelSetIds
  #table: SeriesTable
  #numbers: NumberStreams
  #distributed = new SeriesMemo<Distributed>(series => this.#distribute(series))
  /** By id of the context. */
  #facts: (ContextFacts | undefined)[] = []
  #families = new Map<string, Family>()
  #targets = new Map<string, Target>()
  #translations = 0
  #now = 0
  /** Only by its streams can the end of a series that has fallen silent end all of them. */
  #ofSeries: IdHolder = {
    holdIds: hold => {
      for (const { id, seenAt } of this.#distributed) if (seenAt > this.#now - LOOKBACK_MS) hold(id)
    }
  }
  /** Samples that are made for the sake of their label sets. */
  #scratch = new Samples()
  #earlier = new EarlierStreams()
  #nameLists = new NameLists()

  constructor(table: SeriesTable, options: TranslatorOptions, labelSets: LabelSetIds) {
    this.#table = table
    this.#options = options
    this.#labelSets = labelSets
    this.#numbers = new NumberStreams(table, options, labelSets)
    table.addHolder(this.#ofSeries)
  }

  /**
   * Makes the label sets of series that have none yet: without, {@link translate} would take many times as long.
   * @param now Unix ms
   */
  *prepare({ length, series, time, distributions }: PointBlock, now: number): Stepwise<void> {
    let context = -1
    let facts!: ContextFacts
    let looked = 0
    for (let i = 0; i < length; i++) {
      if (this.#numbers.has(series.ids[i])) continue
      const own = this.#table.contextIdOf(series.ids[i])
      if (own !== context) facts = this.#factsOf((context = own))
      if (facts.isNumber) this.#numbers.labelSetOf(series.ids[i], facts.context, facts.name)
      else this.#prepareStreams(this.#distributed.get(series, i), time[i], distributions.get(i), now)
      if (++looked % SERIES_PER_STEP === 0) yield
    }
  }

  /**
   * The same block gives the same samples again.
   * @param now Unix ms
   * @param samples memory to use again
   */
  translate(block: PointBlock, now: number, samples = new Samples(block.length)): Translation {
    const { ids } = block.series
    samples.reset(block.length)
    const metadata: Metadata[] = []
    this.#numbers.begin()
    this.#translations++
    this.#now = now
    let context = -1
    let facts!: ContextFacts
    for (let i = 0; i < block.length; i++) {
      const own = this.#table.contextIdOf(ids[i])
      if (own !== context) {
        context = own
        facts = this.#begin(context, block.time[i], samples, metadata)
      }
      samples.point = i
      samples.isIncrement = facts.isDelta
      if (facts.isNumber) this.#addNumber(samples, facts, block, i)
      else this.#addDistribution(samples, block, i)
    }
    this.#numbers.finish(samples)
    return { samples, metadata }
  }

  /** To be called once the label set of a series of numbers has another id. */
  relabel(series: number, labels: number): void {
    this.#numbers.relabel(series, labels)
  }

  /** Calls `hold` with the ids of all label sets. */
  *holdIds(hold: (id: number) => void): Stepwise<void> {
    yield* this.#numbers.holdIds(hold)
    for (const { streams } of this.#distributed) streams.holdIds(hold)
    for (const { info } of this.#targets.values()) hold(info)
    for (const facts of this.#facts) if (facts?.target !== undefined) hold(facts.target.info)
  }

  /** The state with which a successor can end all that series became here. @param now Unix ms */
  saveStreams(now: number): SavedStreams {
    const writer = new StreamWriter(now)
    let renewals = MAX_RENEWALS
    for (const { streams, hash, seenAt } of this.#distributed) {
      if (streams.hasNewNames && renewals-- > 0) streams.renewNames()
      writer.add(hash, streams.names, seenAt)
    }
    this.#earlier.addTo(writer)
    return writer.written
  }

  restoreStreams(saved: SavedStreams): void {
    this.#earlier.restore(saved)
  }

  /** The facts about points from here on. */
  #begin(context: number, time: number, samples: Samples, metadata: Metadata[]): ContextFacts {
    const facts = this.#factsOf(context)
    const { family, target } = facts
    if (target !== undefined) this.#addTargetInfo(samples, target, time)
    if (this.#now - family.announcedAt >= METADATA_INTERVAL_MS) {
      family.announcedAt = this.#now
      metadata.push(family.metadata)
    }
    return facts
  }

  #addNumber(
    samples: Samples,
    { name, context }: ContextFacts,
    { series, time, value, flags }: PointBlock,
    i: number
  ): void {
    const labels = this.#numbers.labelSetOf(series.ids[i], context, name)
    samples.add(labels, time[i], value[i], (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0)
  }

  #addDistribution(samples: Samples, block: PointBlock, i: number): void {
    const { exponentialHistograms } = this.#options
    const distributed = this.#distributed.get(block.series, i)
    const { streams } = distributed
    const distribution = block.distributions.get(i)
    distributed.seenAt = this.#now
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0)
      streams.addStale(samples, block.time[i], distribution, exponentialHistograms)
    else if (distribution !== undefined) streams.add(samples, block.time[i], distribution, exponentialHistograms)
  }

  #prepareStreams(one: Distributed, time: number, distribution: Distribution | undefined, now: number): void {
    if (!one.streams.isEmpty) return
    one.seenAt = now
    if (distribution === undefined) return
    this.#scratch.reset(0)
    one.streams.add(this.#scratch, time, distribution, this.#options.exponentialHistograms)
  }

  // By event time and only forwards, so that Prometheus never sees it out of order; at the same time again for a retry.
  #addTargetInfo(samples: Samples, target: Target, time: number): void {
    if (target.seenIn === this.#translations) return
    target.seenIn = this.#translations
    const due = time >= target.announcedAt + TARGET_INFO_INTERVAL_MS || time === target.announcedAt
    if (!due || time > this.#now + MAX_SKEW_MS) return
    target.announcedAt = time
    samples.point = -1
    samples.isIncrement = false
    samples.add(target.info, time, 1)
  }

  #factsOf(id: number): ContextFacts {
    const context = this.#table.context(id)
    const known = this.#facts[id]
    // An id is used again once its context is gone.
    if (known?.context === context) return known
    const { metric, resource } = context
    const name = metricName(metric, this.#options.strategy)
    const made = {
      context,
      name,
      family: remembered(this.#families, name, () => newFamily(name, metric)),
      target: this.#options.targetInfo ? this.#target(resource) : undefined,
      isNumber: metric.kind in NUMBER_KINDS,
      // Two sets may have members in common.
      isDelta: metric.temporality === 'delta' && metric.kind !== 'set'
    }
    this.#facts[id] = made
    return made
  }

  #distribute(series: Series): Distributed {
    const name = metricName(series.metric, this.#options.strategy)
    const hash = streamHash(series.key)
    const labels = seriesLabels(series, this.#options)
    const earlier = this.#earlier.take(hash)
    const isDerived = this.#table.originOf(series.id) === 'made'
    const render = (one: Labels) => this.#labelSets.idOf(one, isDerived)
    const streams = new DistributionStreams(name, labels, render, earlier, this.#nameLists)
    return { id: series.id, streams, hash, seenAt: Number.NEGATIVE_INFINITY }
  }

  #target(resource: Resource): Target | undefined {
    if (resource.attributes.length === 0) return undefined
    const labels = targetInfoLabels(resource, this.#options)
    if (labels === undefined) return undefined
    return remembered(this.#targets, attributesKey(resource.attributes), () => ({
      info: this.#labelSets.idOf(withLabels(labels, ['__name__', 'target_info']), false),
      announcedAt: Number.NEGATIVE_INFINITY,
      seenIn: 0
    }))
  }
}

// The content of a block's value column; for a set it is the number of its members.
const NUMBER_KINDS = { gauge: true, counter: true, up_down_counter: true, set: true }

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= MAX_REMEMBERED) known.clear()
  const made = make()
  known.set(key, made)
  return made
}
