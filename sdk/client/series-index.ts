import { type Attributes, keyValues } from './any-value.ts'
import type { Kind } from './kinds.ts'

/** Nodes for each series that may be; more are made by attributes in another order, and by those that found no place. */
const NODES_PER_SERIES = 8
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }
/** No attribute has this name. */
const UNIT = '\0unit'

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
  readonly #roots = new Map<string, Node<S>>()
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
    let node = this.#roots.get(name)
    if (node === undefined) this.#roots.set(name, (node = this.#newNode()))
    if (unit !== '') node = node.child(UNIT, unit) ?? this.#addChild(node, UNIT, unit)
    for (const key in attributes) {
      const value = attributes[key]
      node = node.child(key, value) ?? this.#addChild(node, key, value)
    }
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

  #addChild(parent: Node<S>, key: string, value: unknown): Node<S> {
    const child = this.#newNode()
    // What an object holds may change, so it is looked at each time.
    if (typeof value !== 'object' || value === null) parent.add(key, value, child)
    return child
  }

  /** Nodes only save time: all are made anew when there are too many. */
  #newNode(): Node<S> {
    if (++this.#nodes > this.#limit * NODES_PER_SERIES) this.#discardNodes()
    return new Node()
  }

  #discardNodes(): void {
    this.#roots.clear()
    this.#nodes = 0
  }

  #resolve(node: Node<S>, name: string, attributes: Attributes = {}, unit: string): Series<S> {
    const sorted: Record<string, unknown> = {}
    for (const key of Object.keys(attributes).sort()) sorted[key] = textOf(attributes[key])
    node.series = this.#seriesOf(name, unit, sorted, this.#limit)
    // The other is not kept in the node: there may be room later on.
    const series = node.series ?? this.#seriesOf(name, unit, OVERFLOW, this.#limit * 2)
    if (series === undefined) throw new Error(`there are more than ${this.#limit} names`)
    return series
  }

  #seriesOf(name: string, unit: string, sorted: Attributes, limit: number): Series<S> | undefined {
    const metric = `"name":${JSON.stringify(name)}${unit && `,"unit":${JSON.stringify(unit)}`}`
    const attributes = keyValues(sorted)
    let series = this.#series.get(metric + attributes)
    if (series !== undefined) return series
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

/** A name with some attributes, from which further ones lead on. */
class Node<S> {
  series: Series<S> | undefined
  /** Most nodes have children of one key only. */
  #key: string | undefined
  readonly #children = new Map<unknown, Node<S>>()
  #others: Map<string, Map<unknown, Node<S>>> | undefined

  child(key: string, value: unknown): Node<S> | undefined {
    return key === this.#key ? this.#children.get(value) : this.#others?.get(key)?.get(value)
  }

  add(key: string, value: unknown, child: Node<S>): void {
    this.#key ??= key
    if (key === this.#key) return void this.#children.set(value, child)
    this.#others ??= new Map()
    const children = this.#others.get(key) ?? new Map()
    this.#others.set(key, children.set(value, child))
  }
}

/** Lists and objects cannot be told apart by a store of series, their texts can. */
const textOf = (value: unknown) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : value)
