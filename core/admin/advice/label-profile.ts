import { attributeText } from '../../model/attributes.ts'
import { redactedSamples } from '../../model/secret-names.ts'
import { scopeKeys } from '../../model/series.ts'
import type { Series } from '../../model/series-table/series-table.ts'
import { DistinctCounter } from '../../model/sketch/distinct-counter.ts'
import { Murmur3 } from '../../model/sketch/murmur3.ts'

/** Series of a metric that are looked into. */
export const MOST_SERIES = 20_000
const MOST_LABELS = 32
const MOST_SAMPLES = 4
const LONGEST_SAMPLE = 60

/**
 * Exact up to 512, estimates above, which are 3 % off at most, mostly. Of a metric with more than {@link MOST_SERIES}
 * series the first ones are looked into. Then there are at least so many values, and at most so many series left: the
 * share of different ones is taken for that of all, and it falls with every series.
 */
export interface LabelCosts {
  /** Of a point or of its resource. */
  readonly name: string
  readonly values: number
  /** Some of the values, without secrets. */
  readonly samples: readonly string[]
  /** Series that would be left without the label. */
  readonly seriesWithout: number
}

interface Label {
  readonly samples: string[]
  readonly values: DistinctCounter
  readonly without: DistinctCounter
}

/**
 * The labels of one metric, and the series that would be left without each of them. The hash of a series is the sum of
 * those of its labels, and without one of them it is the difference. So a series takes time for each label once.
 */
export class LabelProfile {
  /** Series that were looked into. */
  added = 0
  readonly isUnused: (label: string) => boolean
  readonly #labels = new Map<string, Label>()
  readonly #withoutUnused = new DistinctCounter()
  readonly #hash = new Murmur3()
  readonly #words = new Uint32Array(4)

  constructor(isUnused: (label: string) => boolean) {
    this.isUnused = isUnused
  }

  get isFull(): boolean {
    return this.added === MOST_SERIES
  }

  add({ attributes, resource, scope }: Series): void {
    this.added++
    const hashes = [...attributes, ...resource.attributes].map(([name, value]) => {
      const text = attributeText(value)
      this.#hash.reset().text(name).text(text).finish(this.#words)
      return { name, text, high: this.#words[0], low: this.#words[1] }
    })
    this.#hash.reset().text(scopeKeys.of(scope)).finish(this.#words)
    const [scopeHigh, scopeLow] = this.#words
    const high = hashes.reduce((sum, hash) => sum + hash.high, scopeHigh)
    const low = hashes.reduce((sum, hash) => sum + hash.low, scopeLow)
    const unused = hashes.filter(({ name }) => this.isUnused(name))
    this.#withoutUnused.addHash(difference(high, unused, 'high'), difference(low, unused, 'low'))
    for (const hash of hashes) {
      const label = this.#labelOf(hash.name)
      if (label !== undefined && label.samples.length < MOST_SAMPLES) addSample(label.samples, hash.text)
      label?.values.addHash(hash.high, hash.low)
      label?.without.addHash(difference(high, [hash], 'high'), difference(low, [hash], 'low'))
    }
  }

  /** @param series all of the metric */
  labels(series: number): LabelCosts[] {
    return Array.from(this.#labels, ([name, { samples, values, without }]) => ({
      name,
      samples: redactedSamples(name, samples),
      values: values.count(),
      seriesWithout: this.#scaled(without, series)
    }))
  }

  /** Series that would be left without all unused labels. */
  seriesWithoutUnused(series: number): number {
    return this.#scaled(this.#withoutUnused, series)
  }

  #scaled(sketch: DistinctCounter, series: number): number {
    return Math.min(series, Math.round((sketch.count() * series) / Math.max(1, this.added)))
  }

  #labelOf(name: string): Label | undefined {
    const known = this.#labels.get(name)
    if (known !== undefined || this.#labels.size >= MOST_LABELS) return known
    const made = { samples: [], values: new DistinctCounter(), without: new DistinctCounter() }
    this.#labels.set(name, made)
    return made
  }
}

function addSample(samples: string[], text: string): void {
  const cut = text.slice(0, LONGEST_SAMPLE)
  if (!samples.includes(cut)) samples.push(cut)
}

type Hash = Readonly<Record<'high' | 'low', number>>

function difference(sum: number, parts: readonly Hash[], word: keyof Hash): number {
  return parts.reduce((rest, part) => rest - part[word], sum) >>> 0
}
