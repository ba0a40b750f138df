import { HyperLogLog, type SavedHyperLogLog } from '../../core/model/sketch/hyperloglog.ts'
import { Murmur3 } from '../../core/model/sketch/murmur3.ts'
import { type Attributes, attributeText } from '../../sdk/plugin/index.ts'

/** Standard error 1.6 %; 4 KiB. */
const SERIES_PRECISION = 12
/** Standard error 3.3 %; 1 KiB. There are many labels. */
const VALUES_PRECISION = 10
const MOST_LABELS = 32
const SAMPLES = 5
const LONGEST_SAMPLE = 100

export const DEMAND_BYTES = 2 * 2 ** SERIES_PRECISION
export const PROFILE_BYTES = MOST_LABELS * (2 * 2 ** VALUES_PRECISION + SAMPLES * LONGEST_SAMPLE * 2 + 200)

interface Label {
  current: HyperLogLog
  previous: HyperLogLog
  /** Values seen last. */
  samples: string[]
}

interface SavedDemand {
  readonly series: readonly SavedHyperLogLog[]
  readonly labels?: readonly (readonly [string, readonly SavedHyperLogLog[], readonly string[]])[]
}

const hash = new Murmur3()
const words = new Uint32Array(4)

/** How many series a metric would have, and how many values its labels, over this epoch and the one before. */
export class Demand {
  #current = new HyperLogLog(SERIES_PRECISION)
  #previous = new HyperLogLog(SERIES_PRECISION)
  #labels: Map<string, Label> | undefined

  get hasProfile(): boolean {
    return this.#labels !== undefined
  }

  /** Begins to look at labels too. */
  profile(): void {
    this.#labels ??= new Map()
  }

  add(high: number, low: number, attributes: Attributes): void {
    this.#current.add(high, low)
    if (this.#labels === undefined) return
    for (const [name, value] of attributes) {
      let label = this.#labels.get(name)
      if (label === undefined) {
        if (this.#labels.size >= MOST_LABELS) continue
        label = { current: values(), previous: values(), samples: [] }
        this.#labels.set(name, label)
      }
      const text = attributeText(value)
      hash.reset().text(text).finish(words)
      label.current.add(words[0], words[1])
      if (label.samples.includes(text)) continue
      label.samples.push(text.slice(0, LONGEST_SAMPLE))
      if (label.samples.length > SAMPLES) label.samples.shift()
    }
  }

  /** Begins a new epoch. */
  rotate(): void {
    this.#previous = this.#current
    this.#current = new HyperLogLog(SERIES_PRECISION)
    for (const [name, label] of this.#labels ?? []) {
      if (label.current.estimate() === 0) this.#labels!.delete(name)
      label.previous = label.current
      label.current = values()
    }
  }

  get series(): number {
    return Math.round(both(this.#current, this.#previous).estimate())
  }

  /** Labels, those with most values first. */
  labels(): { name: string; values: number; samples: readonly string[] }[] {
    const all = [...(this.#labels ?? [])].map(([name, { current, previous, samples }]) => ({
      name,
      values: Math.round(both(current, previous).estimate()),
      samples
    }))
    return all.sort((a, b) => b.values - a.values || (a.name < b.name ? -1 : 1))
  }

  save(): SavedDemand {
    return {
      series: [this.#current.save(), this.#previous.save()],
      labels:
        this.#labels &&
        [...this.#labels].map(([name, { current, previous, samples }]) => [
          name,
          [current.save(), previous.save()],
          samples
        ])
    }
  }

  restore({ series, labels }: SavedDemand): void {
    this.#current = HyperLogLog.from(series[0])
    this.#previous = HyperLogLog.from(series[1])
    this.#labels =
      labels &&
      new Map(
        labels.map(([name, [current, previous], samples]) => [
          name,
          { current: HyperLogLog.from(current), previous: HyperLogLog.from(previous), samples: [...samples] }
        ])
      )
  }
}

const values = () => new HyperLogLog(VALUES_PRECISION)

function both(a: HyperLogLog, b: HyperLogLog): HyperLogLog {
  const merged = HyperLogLog.from(a.save())
  merged.merge(b)
  return merged
}
