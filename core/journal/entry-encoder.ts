import { serialize } from 'node:v8'
import type { Block } from '../model/block.ts'
import type { EventBlock } from '../model/events.ts'
import type { PointBlock } from '../model/points.ts'
import type { Metric, Resource, Scope } from '../model/series.ts'
import type { SeriesColumn } from '../model/series-table/series-column.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'
import { ByteWriter } from './bytes.ts'
import type { DataEntry, Entry } from './entry.ts'
import {
  AS_BYTES,
  EVENTS,
  HAS_DISTRIBUTIONS,
  HAS_FLAGS,
  LETTER,
  METRIC,
  POINTS,
  RESOURCE,
  SCOPE,
  SERIES,
  TICK
} from './entry-layout.ts'
import { Numbering, SeriesNumbering } from './numbering.ts'
import { addColumn } from './packed-column.ts'

/**
 * Encodes entries of one segment. Series, and the resources they share, are defined before their first use in the
 * segment.
 */
export class EntryEncoder {
  #out: ByteWriter
  #head: number
  #resources = new Numbering<Resource>()
  #scopes = new Numbering<Scope>()
  #metrics = new Numbering<Metric>()
  #series = new SeriesNumbering()
  #scratch = new Int32Array()
  /** Of parts that were defined, for the next segment. */
  readonly #serialized = new WeakMap<object, Buffer>()
  /** Bytes of definitions in the segment so far. */
  definitionBytes = 0

  /** @param head bytes to leave free before the encoded entries */
  constructor(head: number) {
    this.#head = head
    this.#out = new ByteWriter(head)
  }

  /** From here on it is another segment. What was added and not taken is forgotten. */
  beginSegment(): void {
    this.#out.length = this.#head
    this.definitionBytes = 0
    for (const numbering of [this.#resources, this.#scopes, this.#metrics, this.#series]) numbering.clear()
  }

  /** The bytes added since the last call, behind the free head. */
  take(): Buffer {
    return this.#out.take(this.#head)
  }

  add(entry: Entry): void {
    if (entry.kind === 'data') return this.#addData(entry)
    this.#out.u8(TICK)
    this.#out.f64(entry.time)
  }

  /**
   * Defines series of `block` ahead, at most so many at once: a segment that begins with none has to define all that
   * come in its first moment.
   */
  foresee(block: Block, most: number): void {
    if (block.type !== 'points') return
    const { series } = block
    let left = most
    for (let i = 0; i < series.length && left > 0; i++) {
      if (this.#series.of(series.ids[i]) >= 0) continue
      this.#define(series.table, series.ids[i])
      left--
    }
  }

  #addData({ time, source, request, deadLetter, block }: DataEntry): void {
    const numbers = block.type === 'points' ? this.#defineAll(block.series) : undefined
    const out = this.#out
    if (deadLetter !== undefined) {
      out.u8(LETTER)
      out.text(deadLetter.key)
      out.text(JSON.stringify(deadLetter.pipelines ?? null))
    }
    out.u8(block.type === 'points' ? POINTS : EVENTS)
    out.f64(time)
    out.text(source)
    out.text(request ?? '')
    out.u32(block.length)
    if (block.type === 'points') addPoints(out, block, numbers!)
    else addEvents(out, block)
  }

  /** Numbers of the series, until the next call. */
  #defineAll({ table, ids }: SeriesColumn): Int32Array {
    if (this.#scratch.length < ids.length) this.#scratch = new Int32Array(ids.length * 2)
    const numbers = this.#scratch.subarray(0, ids.length)
    for (let i = 0; i < ids.length; i++) {
      const known = this.#series.of(ids[i])
      numbers[i] = known >= 0 ? known : this.#define(table, ids[i])
    }
    return numbers
  }

  #define(table: SeriesTable, id: number): number {
    const before = this.#out.length
    const context = table.context(table.contextIdOf(id))
    const metric = this.#share(METRIC, this.#metrics, context.metric)
    const resource = this.#share(RESOURCE, this.#resources, context.resource)
    const scope = this.#share(SCOPE, this.#scopes, context.scope)
    const { view, start, end } = table.keyOf(id)
    const out = this.#out
    out.u8(SERIES)
    out.u32(metric)
    out.u32(resource)
    out.u32(scope)
    out.u8(AS_BYTES)
    out.u32(end - start)
    out.copy(view, start, end)
    this.definitionBytes += out.length - before
    return this.#series.add(table, id)
  }

  #share<T extends object>(type: number, numbering: Numbering<T>, value: T): number {
    const known = numbering.of(value)
    if (known !== undefined) return known
    this.#out.u8(type)
    let bytes = this.#serialized.get(value)
    if (bytes === undefined) this.#serialized.set(value, (bytes = serialize(value)))
    this.#out.sized(bytes)
    return numbering.add(value)
  }
}

function addPoints(out: ByteWriter, block: PointBlock, numbers: Int32Array): void {
  const { flags, distributions } = block
  const hasFlags = isAnySet(flags)
  out.u8((hasFlags ? HAS_FLAGS : 0) | (distributions.size > 0 ? HAS_DISTRIBUTIONS : 0))
  out.column(numbers)
  addColumn(out, block.time)
  addColumn(out, block.start)
  addColumn(out, block.value)
  if (hasFlags) out.column(flags)
  if (distributions.size > 0) out.sized(serialize(distributions))
}

function addEvents(out: ByteWriter, { time, value, name, id, attributes }: EventBlock): void {
  addColumn(out, time)
  addColumn(out, value)
  out.sized(serialize([name, id, attributes]))
}

function isAnySet(flags: Uint8Array): boolean {
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) return true
  return false
}
