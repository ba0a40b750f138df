import { type Attributes, keyValues } from './any-value.ts'
import type { Series } from './series.ts'

/** Nodes for each series that may be; more are made by attributes in another order, and by those that found no place. */
const NODES_PER_SERIES = 8
const OVERFLOW: Attributes = { 'otel.metric.overflow': true }
/** No attribute has this name. */
const UNIT = '\0unit'

/**
 * The series of one kind, by name, unit and attributes. A series that is known is found without making a key of its
 * attributes: by a step for each of them, in the order that they come in.
 */
export class SeriesIndex<S extends Series> {
  /** Those that something was added to since {@link reset}. */
  active: S[] = []
  readonly #make: new (
    metric: string,
    attributes: string
  ) => S
  readonly #limit: number
  readonly #roots = new Map<string, Node<S>>()
  #nodes = 0
  readonly #series = new Map<string, S>()
  #mayEvict = true

  /** @param limit series; further ones are counted in one a name */
  constructor(make: new (metric: string, attributes: string) => S, limit: number) {
    this.#make = make
    this.#limit = limit
  }

  /** Undefined if there are too many names. The series is active then. */
  find(name: string, attributes: Attributes | undefined, unit = ''): S | undefined {
    let node = this.#roots.get(name) ?? this.#addRoot(name)
    if (unit !== '') node = node.child(UNIT, unit) ?? this.#addChild(node, UNIT, unit)
    for (const key in attributes) {
      const value = attributes[key]
      node = node.child(key, value) ?? this.#addChild(node, key, value)
    }
    const series = node.series ?? this.#resolve(node, name, attributes ?? {}, unit)
    if (series !== undefined && !series.isActive) {
      series.isActive = true
      this.active.push(series)
    }
    return series
  }

  /** Begins the next interval. */
  reset(): void {
    for (const series of this.active) {
      series.isActive = false
      series.reset()
    }
    this.active = []
    this.#mayEvict = true
  }

  #addRoot(name: string): Node<S> {
    const root = this.#newNode()
    this.#roots.set(name, root)
    return root
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

  #resolve(node: Node<S>, name: string, attributes: Attributes, unit: string): S | undefined {
    const texts = Object.entries(attributes).map(([key, value]) => [key, textOf(value)] as const)
    const sorted = keyValues(Object.fromEntries(texts.sort(([a], [b]) => (a < b ? -1 : 1))))
    node.series = this.#seriesOf(name, unit, sorted, this.#limit)
    if (node.series !== undefined) return node.series
    // Not kept in the node: there may be room later on.
    return this.#seriesOf(name, unit, keyValues(OVERFLOW), this.#limit * 2)
  }

  #seriesOf(name: string, unit: string, attributes: string, limit: number): S | undefined {
    const metric = `"name":${JSON.stringify(name)}${unit && `,"unit":${JSON.stringify(unit)}`}`
    const key = metric + attributes
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= limit) this.#evict()
    if (this.#series.size >= limit) return undefined
    const made = new this.#make(metric, attributes)
    this.#series.set(key, made)
    return made
  }

  /** Removes series that nothing was added to in this interval; at most once in it, for it looks at all. */
  #evict(): void {
    if (!this.#mayEvict) return
    this.#mayEvict = false
    for (const [key, series] of this.#series) if (!series.isActive) this.#series.delete(key)
    this.#discardNodes()
  }
}

/** A name with some attributes, from which further ones lead on. */
class Node<S> {
  series: S | undefined
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
