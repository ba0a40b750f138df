import type { Metric } from '../../model/series.ts'

const MOST_NAMES = 10_000
/** All but the name. */
export const EVENT_METRIC = { unit: '{event}', description: '', kind: 'counter', temporality: 'delta' } as const

/** The metrics that events are counted as, by name: one object each, as long as there are not too many. */
export class EventMetrics {
  #metrics = new Map<string, Metric>()

  of(name: string): Metric {
    const known = this.#metrics.get(name)
    if (known !== undefined) return known
    const made: Metric = { ...EVENT_METRIC, name }
    if (this.#metrics.size >= MOST_NAMES) this.#metrics.clear()
    this.#metrics.set(name, made)
    return made
  }
}
