import type { FamilyValues, Labels, Metrics } from '../../telemetry/metrics.ts'
import type { Component } from '../graph/component.ts'

interface Sum {
  readonly labels: Labels
  /** By part. */
  readonly values: number[]
  /** Of parts that have ended. */
  ended: number
}

/** The metrics of one receiver in several workers, added up. */
export class RemoteMetrics {
  readonly #metrics: Metrics
  readonly #component: Component
  readonly #sums = new Map<string, Map<string, Sum>>()
  readonly #types = new Map<string, FamilyValues['type']>()

  constructor(metrics: Metrics, component: Component) {
    this.#metrics = metrics
    this.#component = component
  }

  /** The values of one part, since its start. */
  show(part: number, families: readonly FamilyValues[]): void {
    for (const family of families) {
      const sums = this.#sums.get(family.name) ?? this.#add(family)
      for (const { labels, value } of family.values) {
        const key = JSON.stringify(labels)
        const sum = sums.get(key) ?? { labels, values: [], ended: 0 }
        sums.set(key, sum)
        sum.values[part] = value
      }
    }
  }

  /** The part begins anew. What it counted stays counted. */
  lost(part: number): void {
    for (const [name, sums] of this.#sums) {
      for (const sum of sums.values()) {
        if (this.#types.get(name) === 'counter') sum.ended += sum.values[part] ?? 0
        sum.values[part] = 0
      }
    }
  }

  #add({ name, type, help }: FamilyValues): Map<string, Sum> {
    const sums = new Map<string, Sum>()
    this.#sums.set(name, sums)
    this.#types.set(name, type)
    const read = () =>
      [...sums.values()].map(({ labels, values, ended }) => ({
        labels,
        value: values.reduce((total, value) => total + (value ?? 0), ended)
      }))
    this.#component.disposeWith(this.#metrics.add({ name, type, help, read }))
    return sums
  }
}
