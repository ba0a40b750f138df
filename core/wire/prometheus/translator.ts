import { attributesKey } from '../../model/attributes.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../model/points.ts'
import type { Metric, Resource } from '../../model/series.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import { EarlierStreams, NameLists, type SavedStreams, StreamWriter, streamHash } from './earlier-streams.ts'
import { type LabelOptions, type Labels, seriesLabels, targetInfoLabels, withLabels } from './labels.ts'
import { metricName } from './metric-names.ts'
import { Samples } from './samples.ts'
import { DistributionStreams, type ExponentialForm } from './streams.ts'
import { unitWords } from './units.ts'

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

export interface TranslatorOptions extends LabelOptions {
  /** Set if resources are sent as `target_info`. */
  readonly targetInfo: boolean
  readonly exponentialHistograms: ExponentialForm
}

/** The description of a metric family, for lists of metrics. */
export interface Metadata {
  readonly family: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
  readonly unit: string
}

export interface Translation<L> {
  readonly samples: Samples<L>
  /** Families not announced of late. */
  readonly metadata: readonly Metadata[]
}

interface Family {
  readonly metadata: Metadata
  announcedAt: number
}

interface Target<L> {
  readonly info: L
  announcedAt: number
  /** The translation that looked at it last. */
  seenIn: number
}

interface Translated<L> {
  key: string
  readonly family: Family
  readonly target: Target<L> | undefined
  readonly stream: L
  readonly streams: DistributionStreams<L> | undefined
  /** For {@link EarlierStreams}; 0 without streams. */
  readonly hash: number
  /** The time when points of it came last, Unix ms. */
  seenAt: number
  readonly isDelta: boolean
}

/**
 * OpenTelemetry points as Prometheus samples, by the "Prometheus and OpenMetrics compatibility" specification. Deltas,
 * which it drops, are sent as they are. `render` turns a label set into the form of the current format (bytes, text),
 * once per series. Results are kept by series id, so for as many series as were ever alive at one time.
 */
export class Translator<L> {
  #options: TranslatorOptions
  #render: (labels: Labels) => L
  #bySeriesId: Translated<L>[] = []
  #families = new Map<string, Family>()
  #targets = new Map<string, Target<L>>()
  #translations = 0
  #earlier = new EarlierStreams()
  #nameLists = new NameLists()

  constructor(options: TranslatorOptions, render: (labels: Labels) => L) {
    this.#options = options
    this.#render = render
  }

  /** The same block gives the same samples again. @param now Unix ms */
  translate(block: PointBlock, now: number): Translation<L> {
    const samples = new Samples<L>()
    const metadata: Metadata[] = []
    this.#translations++
    for (let i = 0; i < block.length; i++) {
      const series = this.#translated(block.series.at(i))
      const time = block.time[i]
      if (series.target !== undefined) this.#addTargetInfo(samples, series.target, time, now)
      if (now - series.family.announcedAt >= METADATA_INTERVAL_MS) {
        series.family.announcedAt = now
        metadata.push(series.family.metadata)
      }
      samples.point = i
      samples.isIncrement = series.isDelta
      series.seenAt = now
      this.#addPoint(samples, series, block, i)
    }
    return { samples, metadata }
  }

  /** The state with which a successor can end all that series became here. @param now Unix ms */
  saveStreams(now: number): SavedStreams {
    const writer = new StreamWriter(now)
    let renewals = MAX_RENEWALS
    for (const translated of this.#bySeriesId) {
      const streams = translated?.streams
      if (streams === undefined) continue
      if (streams.hasNewNames && renewals-- > 0) streams.renewNames()
      writer.add(translated.hash, streams.names, translated.seenAt)
    }
    this.#earlier.addTo(writer)
    return writer.written
  }

  restoreStreams(saved: SavedStreams): void {
    this.#earlier.restore(saved)
  }

  #addPoint(samples: Samples<L>, { stream, streams }: Translated<L>, block: PointBlock, i: number): void {
    const time = block.time[i]
    const stale = (block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
    const distribution = block.distributions.get(i)
    if (streams === undefined) samples.add(stream, time, block.value[i], stale)
    else if (stale) streams.addStale(samples, time, distribution, this.#options.exponentialHistograms)
    else if (distribution !== undefined) streams.add(samples, time, distribution, this.#options.exponentialHistograms)
  }

  // By event time and only forwards, so that Prometheus never sees it out of order; at the same time again for a retry.
  #addTargetInfo(samples: Samples<L>, target: Target<L>, time: number, now: number): void {
    if (target.seenIn === this.#translations) return
    target.seenIn = this.#translations
    const due = time >= target.announcedAt + TARGET_INFO_INTERVAL_MS || time === target.announcedAt
    if (!due || time > now + MAX_SKEW_MS) return
    target.announcedAt = time
    samples.point = -1
    samples.isIncrement = false
    samples.add(target.info, time, 1)
  }

  #translated(series: Series): Translated<L> {
    const known = this.#bySeriesId[series.id]
    // An id is used again once its series is gone. The key tells, and holding it keeps no series alive.
    if (known !== undefined && known.key === series.key) {
      known.key = series.key
      return known
    }
    const made = this.#make(series)
    this.#bySeriesId[series.id] = made
    return made
  }

  #make(series: Series): Translated<L> {
    const name = metricName(series.metric, this.#options.strategy)
    const labels = seriesLabels(series, this.#options)
    const isNumber = series.metric.kind in NUMBER_KINDS
    const hash = isNumber ? 0 : streamHash(series.key)
    return {
      key: series.key,
      hash,
      seenAt: Number.NEGATIVE_INFINITY,
      family: remembered(this.#families, name, () => newFamily(name, series.metric)),
      target: this.#options.targetInfo ? this.#target(series.resource) : undefined,
      stream: this.#render(withLabels(labels, ['__name__', name])),
      streams: isNumber
        ? undefined
        : new DistributionStreams(name, labels, this.#render, this.#earlier.take(hash), this.#nameLists),
      // Two sets may have members in common.
      isDelta: series.metric.temporality === 'delta' && series.metric.kind !== 'set'
    }
  }

  #target(resource: Resource): Target<L> | undefined {
    if (resource.attributes.length === 0) return undefined
    const labels = targetInfoLabels(resource, this.#options)
    if (labels === undefined) return undefined
    return remembered(this.#targets, attributesKey(resource.attributes), () => ({
      info: this.#render(withLabels(labels, ['__name__', 'target_info'])),
      announcedAt: Number.NEGATIVE_INFINITY,
      seenIn: 0
    }))
  }
}

// The content of a block's value column; for a set it is the number of its members.
const NUMBER_KINDS = { gauge: true, counter: true, up_down_counter: true, set: true }

function newFamily(name: string, { kind, temporality, description, unit }: Metric): Family {
  const { main, per } = unitWords(unit)
  const type =
    kind === 'exponential_histogram' ? 'histogram' : kind === 'summary' || kind === 'histogram' ? kind : 'gauge'
  const metadata: Metadata = {
    family: name,
    type: kind === 'counter' && temporality !== 'delta' ? 'counter' : type,
    help: description,
    unit: [main, per].filter(Boolean).join('_')
  }
  return { metadata, announcedAt: Number.NEGATIVE_INFINITY }
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= MAX_REMEMBERED) known.clear()
  const made = make()
  known.set(key, made)
  return made
}
