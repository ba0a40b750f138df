import { metricPool, resourcePool, scopePool } from '../identity-pools.ts'
import type { InternPool } from '../intern-pool.ts'
import type { Metric, Resource, Scope } from '../series.ts'
import type { Stepwise } from '../stepwise.ts'

/** The parts of an identity that many series share: all but the attributes. */
export interface SeriesContext {
  readonly metric: Metric
  readonly resource: Resource
  readonly scope: Scope
}

const PER_CONTEXT = 320
/** Removing one takes up to some 50 µs, if its resource has very many attributes. */
const CONTEXTS_PER_STEP = 32

interface Entry extends SeriesContext {
  readonly key: string
  /** Numbers in the pools. */
  readonly parts: readonly [metric: number, resource: number, scope: number]
  series: number
  /** The epoch in which it was asked for last. */
  seen: number
}

/** Gives each context a dense id. Contexts are objects: there are few of them, or their senders pay for each. */
export class SeriesContexts {
  /** Contexts removed so far. Ids found before the last removal may mean something else. */
  removed = 0
  readonly #metrics: InternPool<Metric> = metricPool()
  readonly #resources: InternPool<Resource> = resourcePool()
  readonly #scopes: InternPool<Scope> = scopePool()
  readonly #ids = new Map<string, number>()
  readonly #entries: (Entry | undefined)[] = []
  readonly #free: number[] = []

  at(id: number): SeriesContext {
    return this.#entries[id]!
  }

  /** The context's id. A context without series goes when nobody has asked for it in the last epochs. */
  idOf(metric: Metric, resource: Resource, scope: Scope, epoch: number): number {
    const parts = [this.#metrics.add(metric), this.#resources.add(resource), this.#scopes.add(scope)] as const
    const key = parts.join()
    const known = this.#ids.get(key)
    if (known !== undefined) {
      this.#release(parts)
      this.#entries[known]!.seen = epoch
      return known
    }
    const id = this.#free.pop() ?? this.#entries.length
    // Equal parts are one object from here on.
    const [metrics, resources, scopes] = parts
    this.#entries[id] = {
      metric: this.#metrics.at(metrics),
      resource: this.#resources.at(resources),
      scope: this.#scopes.at(scopes),
      key,
      parts,
      series: 0,
      seen: epoch
    }
    this.#ids.set(key, id)
    return id
  }

  seriesOf(id: number): number {
    return this.#entries[id]!.series
  }

  /** @param series those that came, or less than 0 that went */
  count(id: number, series: number): void {
    this.#entries[id]!.series += series
  }

  /** Removes contexts without series that were not seen since `epoch`. */
  *removeIdle(epoch: number): Stepwise<void> {
    for (let id = 0; id < this.#entries.length; id++) {
      if (id % CONTEXTS_PER_STEP === CONTEXTS_PER_STEP - 1) yield
      const entry = this.#entries[id]
      if (entry === undefined || entry.series > 0 || entry.seen >= epoch) continue
      this.#ids.delete(entry.key)
      this.#release(entry.parts)
      this.#entries[id] = undefined
      this.#free.push(id)
      this.removed++
    }
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#metrics.bytes + this.#resources.bytes + this.#scopes.bytes + this.#ids.size * PER_CONTEXT
  }

  #release([metric, resource, scope]: Entry['parts']): void {
    this.#metrics.release(metric)
    this.#resources.release(resource)
    this.#scopes.release(scope)
  }
}
