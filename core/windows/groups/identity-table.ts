import type { Attributes } from '../../model/attributes.ts'
import { withRoom } from '../../model/columns.ts'
import { keysPool, metricPool, resourcePool, scopePool } from '../../model/identity-pools.ts'
import type { SavedPool } from '../../model/intern-pool.ts'
import { type Metric, metricKeys, type Resource, resourceKeys, type Scope, scopeKeys } from '../../model/series.ts'
import { namedBytes } from '../../model/shared-bytes.ts'
import { mix32 } from '../../model/sketch/murmur3.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { readAttributes, ValueWriter } from './value-codec.ts'

const INITIAL_BYTES = 64 * 1024
/** Size of an identity with five attributes and a resource with some. */
const USUAL_IDENTITY_BYTES = 1024
/** Size of shared metrics, resources and scopes: a basis, and more with more identities. */
const USUAL_SHARED_BYTES = 64 * 1024
const USUAL_SHARED_BYTES_EACH = 128
const HASH_FACTOR = 0x01000193
/** Stands in place of a free slot's metric. */
const FREE = -1

/** The identity of a stream of points, which a `Series` is made of. */
export interface Identity {
  readonly metric: Metric
  readonly attributes: Attributes
  readonly resource: Resource
  readonly scope: Scope
}

/** A table on disk: columns by slot and the values of all attributes, as they are in memory. */
export interface SavedIdentityTable {
  readonly length: number
  readonly free: Int32Array
  readonly metrics: SavedPool
  readonly resources: SavedPool
  readonly scopes: SavedPool
  readonly keys: SavedPool
  readonly parts: Int32Array
  readonly at: Float64Array
  readonly bytes: Int32Array
  readonly values: Uint8Array
}

const writer = new ValueWriter()

/**
 * Gives each identity a dense slot. Identities are kept as bytes, not objects: millions of them are saved and restored
 * by copying memory. An object is made only when somebody asks for one.
 */
export class IdentityTable {
  #metrics = metricPool()
  #resources = resourcePool()
  #scopes = scopePool()
  #keys = keysPool()
  /** Four numbers a slot, which index the pools: metric, resource, scope, keys of the attributes. */
  #components = new Int32Array()
  /** Position of the slot's values in `#values`, and their number of bytes. */
  #at = new Float64Array()
  #bytes = new Int32Array()
  #values = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #valuesEnd = 0
  #bytesInUse = 0
  #oversize = 0
  #length = 0
  #free: number[] = []
  /** By hash: slot + 1, or 0. */
  #index = new Int32Array(16)
  #indexUsed = 0

  /** Slots in use. */
  get size(): number {
    return this.#length - this.#free.length
  }

  /** All slots are below this. */
  get length(): number {
    return this.#length
  }

  /** The slot, or -1 if it has none. */
  find(identity: Identity): number {
    const metric = this.#metrics.indexOf(identity.metric)
    const resource = this.#resources.indexOf(identity.resource)
    const scope = this.#scopes.indexOf(identity.scope)
    const keys = this.#keys.indexOf(keysOf(identity.attributes))
    if (metric < 0 || resource < 0 || scope < 0 || keys < 0) return -1
    writer.write(identity.attributes)
    const mask = this.#index.length - 1
    let at = hashOf(metric, resource, scope, keys, writer.bytes, 0, writer.length) & mask
    for (; this.#index[at] !== 0; at = (at + 1) & mask)
      if (this.#is(this.#index[at] - 1, metric, resource, scope, keys)) return this.#index[at] - 1
    return -1
  }

  /** A slot for one that {@link find} does not know. */
  add({ metric, attributes, resource, scope }: Identity): number {
    const slot = this.#free.pop() ?? this.#length++
    writer.write(attributes)
    this.#components = withRoom(this.#components, slot * 4 + 3)
    this.#components[slot * 4] = this.#metrics.add(metric)
    this.#components[slot * 4 + 1] = this.#resources.add(resource)
    this.#components[slot * 4 + 2] = this.#scopes.add(scope)
    this.#components[slot * 4 + 3] = this.#keys.add(keysOf(attributes))
    this.#at = withRoom(this.#at, slot)
    this.#bytes = withRoom(this.#bytes, slot)
    this.#at[slot] = this.#append(writer.bytes, writer.length)
    this.#bytes[slot] = writer.length
    this.#bytesInUse += writer.length
    this.#oversize += this.#oversizeOf(slot)
    if (this.#indexUsed * 2 >= this.#index.length) this.#reindex()
    else this.#insertIndex(slot)
    return slot
  }

  isUsed(slot: number): boolean {
    return this.#components[slot * 4] >= 0
  }

  at(slot: number): Identity {
    const component = slot * 4
    return {
      metric: this.#metrics.at(this.#components[component]),
      attributes: readAttributes(this.#keys.at(this.#components[component + 3]), this.#values, this.#at[slot]),
      resource: this.#resources.at(this.#components[component + 1]),
      scope: this.#scopes.at(this.#components[component + 2])
    }
  }

  /** Frees slots, which the next ones {@link add}ed get. */
  remove(slots: readonly number[]): void {
    if (slots.length === 0) return
    for (const slot of slots) {
      const component = slot * 4
      this.#oversize -= this.#oversizeOf(slot)
      this.#metrics.release(this.#components[component])
      this.#resources.release(this.#components[component + 1])
      this.#scopes.release(this.#components[component + 2])
      this.#keys.release(this.#components[component + 3])
      this.#components[component] = FREE
      this.#bytesInUse -= this.#bytes[slot]
      this.#free.push(slot)
    }
    if (this.#valuesEnd > INITIAL_BYTES && this.#bytesInUse * 2 < this.#valuesEnd) this.#compact()
    this.#reindex()
  }

  *save(): Stepwise<SavedIdentityTable> {
    const length = this.#length
    return {
      length,
      free: new Int32Array(this.#free),
      metrics: yield* this.#metrics.save(),
      resources: yield* this.#resources.save(),
      scopes: yield* this.#scopes.save(),
      keys: yield* this.#keys.save(),
      parts: this.#components.subarray(0, length * 4),
      at: this.#at.subarray(0, length),
      bytes: this.#bytes.subarray(0, length),
      values: this.#values.subarray(0, this.#valuesEnd)
    }
  }

  /** Restores into an empty table. */
  restore(saved: SavedIdentityTable): void {
    this.#length = saved.length
    this.#free = [...saved.free]
    this.#metrics.restore(saved.metrics)
    this.#resources.restore(saved.resources)
    this.#scopes.restore(saved.scopes)
    this.#keys.restore(saved.keys)
    this.#components = saved.parts.slice()
    this.#at = saved.at.slice()
    this.#bytes = saved.bytes.slice()
    this.#values = Buffer.allocUnsafeSlow(saved.values.length)
    this.#values.set(saved.values)
    this.#valuesEnd = saved.values.length
    for (let slot = 0; slot < this.#length; slot++) {
      if (!this.isUsed(slot)) continue
      this.#bytesInUse += this.#bytes[slot]
      this.#oversize += this.#oversizeOf(slot)
    }
    this.#reindex()
  }

  /** Memory by which identities, as objects, and their shared values exceed the usual size; in bytes. */
  get oversize(): number {
    const usual = USUAL_SHARED_BYTES + this.size * USUAL_SHARED_BYTES_EACH
    return this.#oversize + Math.max(0, this.sharedBytes - usual)
  }

  /** Memory of the shared values, in bytes. */
  get sharedBytes(): number {
    return this.#metrics.bytes + this.#resources.bytes + this.#scopes.bytes + this.#keys.bytes
  }

  /** Memory, in bytes; without the parts that many share. */
  get bytes(): number {
    return this.#values.length + this.#components.byteLength + this.#at.byteLength * 1.5 + this.#index.byteLength
  }

  #oversizeOf(slot: number): number {
    const [metric, resource, scope, keys] = this.#components.subarray(slot * 4, slot * 4 + 4)
    const shared =
      metricKeys.of(this.#metrics.at(metric)).length +
      resourceKeys.of(this.#resources.at(resource)).length +
      scopeKeys.of(this.#scopes.at(scope)).length
    return Math.max(0, shared + namedBytes(this.#keys.at(keys)) + this.#bytes[slot] - USUAL_IDENTITY_BYTES)
  }

  #is(slot: number, metric: number, resource: number, scope: number, keys: number): boolean {
    const component = slot * 4
    const components = this.#components
    if (components[component] !== metric || components[component + 1] !== resource) return false
    if (
      components[component + 2] !== scope ||
      components[component + 3] !== keys ||
      this.#bytes[slot] !== writer.length
    )
      return false
    const start = this.#at[slot]
    for (let i = 0; i < writer.length; i++) if (this.#values[start + i] !== writer.bytes[i]) return false
    return true
  }

  #append(bytes: Buffer, length: number): number {
    const at = this.#valuesEnd
    if (at + length > this.#values.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#values.length * 2, at + length))
      this.#values.copy(larger, 0, 0, at)
      this.#values = larger
    }
    this.#values.set(bytes.subarray(0, length), at)
    this.#valuesEnd += length
    return at
  }

  #compact(): void {
    const old = this.#values
    this.#values = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, this.#bytesInUse * 2))
    this.#valuesEnd = 0
    for (let slot = 0; slot < this.#length; slot++) {
      if (!this.isUsed(slot)) continue
      const at = this.#at[slot]
      this.#at[slot] = this.#append(old.subarray(at, at + this.#bytes[slot]), this.#bytes[slot])
    }
  }

  #reindex(): void {
    let capacity = 16
    while (capacity < this.size * 4) capacity *= 2
    this.#index = new Int32Array(capacity)
    this.#indexUsed = 0
    for (let slot = 0; slot < this.#length; slot++) if (this.isUsed(slot)) this.#insertIndex(slot)
  }

  #insertIndex(slot: number): void {
    const component = slot * 4
    const components = this.#components
    const [values, start, length] = [this.#values, this.#at[slot], this.#bytes[slot]]
    const mask = this.#index.length - 1
    let at =
      hashOf(
        components[component],
        components[component + 1],
        components[component + 2],
        components[component + 3],
        values,
        start,
        length
      ) & mask
    while (this.#index[at] !== 0) at = (at + 1) & mask
    this.#index[at] = slot + 1
    this.#indexUsed++
  }
}

function hashOf(
  metric: number,
  resource: number,
  scope: number,
  keys: number,
  values: Buffer,
  start: number,
  length: number
): number {
  let hash = Math.imul(metric, 31) + resource
  hash = Math.imul(Math.imul(hash, 31) + scope, 31) + keys
  for (let i = start; i < start + length; i++) hash = Math.imul(hash ^ values[i], HASH_FACTOR)
  return mix32(hash)
}

const keysOf = (attributes: Attributes) => attributes.map(([key]) => key)
