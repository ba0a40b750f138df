import { deserialize } from 'node:v8'
import type { Metric, Resource, Scope } from '../model/series.ts'
import { KeyBatch } from '../model/series-table/key-batch.ts'
import { UNKNOWN } from '../model/series-table/key-table.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'
import type { ByteReader } from './bytes.ts'
import { AS_BYTES, AS_JSON, type METRIC, RESOURCE, SCOPE, SERIES } from './entry-layout.ts'

/** Of parts that are known by their bytes. If they have more, all are forgotten. */
const MOST_KNOWN_BYTES = 4 * 2 ** 20
const MOST_CONTEXTS = 16_384

/** A part of identities that many series share. */
interface Part {
  readonly value: object
  /** Another one for other bytes. */
  readonly number: number
}

/**
 * The series that a segment defines, by their numbers there. Definitions side by side are found together. Parts and
 * contexts outlive the segment: the next one mostly has the same.
 */
export class SeriesDefinitions {
  readonly #table: SeriesTable
  readonly #resources: Part[] = []
  readonly #scopes: Part[] = []
  readonly #metrics: Part[] = []
  #ids: number[] = []
  readonly #batch = new KeyBatch()
  readonly #known = new Map<string, Part>()
  #knownBytes = 0
  #parts = 0
  /** By the numbers of their parts. */
  readonly #contexts = new Map<string, number>()
  #removedContexts = 0
  #last = { metric: -1, resource: -1, scope: -1, context: 0 }

  constructor(table: SeriesTable) {
    this.#table = table
    table.addHolder(this)
  }

  /** A series may come again as long as its segment is read. */
  holdIds(hold: (id: number) => void): void {
    for (const id of this.#ids) hold(id)
  }

  clear(): void {
    this.#ids = []
    this.#resources.length = this.#scopes.length = this.#metrics.length = 0
    this.#last.metric = -1
  }

  addPart(type: typeof RESOURCE | typeof SCOPE | typeof METRIC, bytes: Buffer): void {
    const parts = type === RESOURCE ? this.#resources : type === SCOPE ? this.#scopes : this.#metrics
    const key = bytes.toString('latin1')
    parts.push(this.#known.get(key) ?? this.#newPart(key, bytes))
  }

  /** The definition whose type was read, and all that come right behind it. */
  read(input: ByteReader): void {
    const batch = this.#batch
    batch.begin(input.view)
    do {
      const context = this.#contextOf(input.u32(), input.u32(), input.u32())
      const form = input.u8()
      const length = input.u32()
      const start = input.take(length)
      if (form === AS_BYTES) batch.add(context, start, start + length)
      else {
        this.#find()
        this.#ids.push(this.#table.idIn(context, attributesIn(form, input.slice(start, length))))
      }
    } while (input.takeIf(SERIES))
    this.#find()
  }

  /** Throws `RangeError` for a number that no series has. */
  idsOf(numbers: Int32Array): Uint32Array {
    const ids = new Uint32Array(numbers.length)
    for (let i = 0; i < ids.length; i++) {
      const id = this.#ids[numbers[i]]
      if (id === undefined) throw new RangeError(`it has no series ${numbers[i]}`)
      ids[i] = id
    }
    return ids
  }

  #newPart(key: string, bytes: Buffer): Part {
    const part = { value: deserialize(Buffer.from(bytes)), number: this.#parts++ }
    if (this.#knownBytes + key.length > MOST_KNOWN_BYTES) {
      this.#known.clear()
      this.#knownBytes = 0
    }
    this.#known.set(key, part)
    this.#knownBytes += key.length
    return part
  }

  /** Finds the series of the batch, and empties it. */
  #find(): void {
    const table = this.#table
    const { view, ids, length } = this.#batch
    table.findAll(this.#batch)
    if (ids.subarray(0, length).includes(UNKNOWN)) table.addAll(this.#batch)
    for (let i = 0; i < length; i++) this.#ids.push(ids[i])
    this.#batch.begin(view)
  }

  /** Mostly that of the series before, which keeps it. */
  #contextOf(metric: number, resource: number, scope: number): number {
    const last = this.#last
    if (metric === last.metric && resource === last.resource && scope === last.scope) return last.context
    const context = this.#contextIn(this.#metrics[metric], this.#resources[resource], this.#scopes[scope])
    this.#last = { metric, resource, scope, context }
    return context
  }

  #contextIn(metric: Part, resource: Part, scope: Part): number {
    const { removedContexts } = this.#table
    if (removedContexts !== this.#removedContexts || this.#contexts.size > MOST_CONTEXTS) this.#contexts.clear()
    this.#removedContexts = removedContexts
    const key = `${metric.number},${resource.number},${scope.number}`
    const known = this.#contexts.get(key)
    if (known !== undefined) return known
    const context = this.#table.contextOf(metric.value as Metric, resource.value as Resource, scope.value as Scope)
    this.#contexts.set(key, context)
    return context
  }
}

const attributesIn = (form: number, bytes: Buffer) =>
  form === AS_JSON ? JSON.parse(bytes.toString()) : deserialize(bytes)
