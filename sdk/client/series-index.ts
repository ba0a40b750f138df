import { type Attributes, keyValues } from './any-value.ts'
import type { Kind } from './kinds.ts'

/** Nodes for each series that may be; more are made by attributes in another order, and by those that found no place. */
const NODES_PER_SERIES = 8
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }
/** In place of the key of an attribute. */
const UNIT = 0

/** Calls of one kind with the same name, unit and attributes, in the interval that is open. */
export interface Series<S> {
  /** The name, and the unit if there is one, as fields of JSON. */
  readonly metric: string
  /** OTLP's KeyValues in JSON. */
  readonly attributes: string
  state: S
  /** It was found in this interval. */
  isActive: boolean
}

/**
 * The series of one kind, by name, unit and attributes. A series that is known is found without making a key of its
 * attributes: by a step for each of them, in the order that they come in.
 */
export class SeriesIndex<S> {
  readonly kind: Kind<S>
  /** Those found since {@link reset}. */
  active: Series<S>[] = []
  readonly #limit: number
  #root = new Node<S>()
  #nodes = 0
  readonly #series = new Map<string, Series<S>>()
  #mayEvict = true

  /** @param limit series; further ones are counted in one a name */
  constructor(kind: Kind<S>, limit: number) {
    this.kind = kind
    this.#limit = limit
  }

  /** Throws if there are too many names. The series is active then. */
  find(name: string, attributes: Attributes | undefined, unit = ''): Series<S> {
    let node = this.#step(this.#root, name)
    if (unit !== '') node = this.#step(this.#step(node, UNIT), unit)
    for (const key in attributes) node = this.#step(this.#step(node, key), attributes[key])
    const series = node.series ?? this.#resolve(node, name, attributes, unit)
    if (!series.isActive) {
      series.isActive = true
      this.active.push(series)
    }
    return series
  }

  /** Begins the next interval. */
  reset(): void {
    for (const series of this.active) {
      series.isActive = false
      series.state = this.kind.begin()
    }
    this.active = []
    this.#mayEvict = true
  }

  #step(from: Node<S>, key: unknown): Node<S> {
    return from.get(key) ?? this.#addStep(from, key)
  }

  #addStep(from: Node<S>, key: unknown): Node<S> {
    if (++this.#nodes > this.#limit * NODES_PER_SERIES) this.#discardNodes()
    const node = new Node<S>()
    // The content of an object may change, so it is looked at each time.
    if (typeof key !== 'object' || key === null) from.set(key, node)
    return node
  }

  /** Nodes only save time. */
  #discardNodes(): void {
    this.#root = new Node()
    this.#nodes = 0
  }

  #resolve(node: Node<S>, name: string, attributes: Attributes = {}, unit: string): Series<S> {
    const keys = Object.keys(attributes).sort()
    const sorted = Object.fromEntries(keys.map(key => [key, textOf(attributes[key])]))
    node.series = this.#seriesOf(name, unit, sorted, this.#limit)
    // The other is not kept in the node: there may be room later on.
    const series = node.series ?? this.#seriesOf(name, unit, OVERFLOW, this.#limit * 2)
    if (!series) throw new Error(`more than ${this.#limit} names`)
    return series
  }

  #seriesOf(name: string, unit: string, sorted: Attributes, limit: number): Series<S> | undefined {
    const metric = `"name":${JSON.stringify(name)}${unit ? `,"unit":${JSON.stringify(String(unit))}` : ''}`
    const attributes = keyValues(sorted)
    let series = this.#series.get(metric + attributes)
    if (series) return series
    if (this.#series.size >= limit) this.#evict()
    if (this.#series.size >= limit) return undefined
    series = { metric, attributes, state: this.kind.begin(), isActive: false }
    this.#series.set(metric + attributes, series)
    return series
  }

  /** Removes series that were not found in this interval; at most once in it, for it looks at all. */
  #evict(): void {
    if (!this.#mayEvict) return
    this.#mayEvict = false
    for (const [key, { isActive }] of this.#series) if (!isActive) this.#series.delete(key)
    this.#discardNodes()
  }
}

/** A name with some attributes, the last one perhaps without its value; from here a key or a value leads on. */
class Node<S> extends Map<unknown, Node<S>> {
  series: Series<S> | undefined
}

/** Lists and objects cannot be told apart by a store of series, their texts can. */
const textOf = (value: unknown) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value)
