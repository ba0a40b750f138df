import { deserialize, serialize } from 'node:v8'
import type { Block } from '../model/block.ts'
import type { EventBlock } from '../model/events.ts'
import type { PointBlock } from '../model/points.ts'
import type { Metric, Resource, Scope } from '../model/series.ts'
import { SeriesColumn } from '../model/series-table/series-column.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'
import { type ByteReader, ByteWriter } from './bytes.ts'
import { Numbering, SeriesNumbering } from './numbering.ts'
import { addColumn, readColumn } from './packed-column.ts'

/**
 * The journal's content, in order: data with the time it came in, and, if no data came, ticks that time went by. From
 * this alone processors can repeat exactly their work.
 */
export type Entry = DataEntry | TickEntry
export interface DataEntry {
  readonly kind: 'data'
  /** Unix ms, never less than in the entry before: the time processors see. */
  readonly time: number
  /** Id of the receiver. */
  readonly source: string
  readonly request: string | undefined
  readonly deadLetter?: FormerDeadLetter | undefined
  readonly block: Block
}
/** Which dead letter an entry was: that it is in the journal proves that dead letter delivered. */
export interface FormerDeadLetter {
  readonly key: string
  /** The pipelines it is for, of those its receiver feeds. Undefined: all of them. */
  readonly pipelines: readonly string[] | undefined
}
export interface TickEntry {
  readonly kind: 'tick'
  readonly time: number
}

// Entries are told from definitions by these; both start with one. A definition's number is its place in the segment.
const RESOURCE = 1
const SCOPE = 2
const METRIC = 3
const SERIES = 4
/** Belongs to the entry behind it. */
const LETTER = 5
const FIRST_OF_ENTRIES = 16
const TICK = 18
const POINTS = 19
const EVENTS = 20

const AS_JSON = 0
/** As the series table has them. Earlier versions wrote JSON, or V8's format (1). */
const AS_BYTES = 2

const HAS_FLAGS = 1
const HAS_DISTRIBUTIONS = 2

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
    out.sized(new Uint8Array(view.buffer, start, end - start))
    this.definitionBytes += out.length - before
    return this.#series.add(table, id)
  }

  #share<T extends object>(type: number, numbering: Numbering<T>, value: T): number {
    const known = numbering.of(value)
    if (known !== undefined) return known
    this.#out.u8(type)
    this.#out.sized(serialize(value))
    return numbering.add(value)
  }
}

/** Decodes the entries of one segment, from its beginning. */
export class EntryDecoder {
  #registry: SeriesTable
  #resources: Resource[] = []
  #scopes: Scope[] = []
  #metrics: Metric[] = []
  #series: number[] = []
  #context = { metric: -1, resource: -1, scope: -1, id: 0 }
  /** Belongs to the next entry. */
  #deadLetter: FormerDeadLetter | undefined

  constructor(registry: SeriesTable) {
    this.#registry = registry
    registry.addHolder(this)
  }

  /** A series may come again as long as its segment is read. */
  holdIds(hold: (id: number) => void): void {
    for (const id of this.#series) hold(id)
  }

  /** The entries in the payload of a frame. */
  decode(input: ByteReader): Entry[] {
    const entries: Entry[] = []
    while (!input.atEnd) {
      const type = input.u8()
      if (type >= FIRST_OF_ENTRIES) entries.push(this.#entry(type, input))
      else this.#definition(type, input)
    }
    return entries
  }

  #definition(type: number, input: ByteReader): void {
    if (type === RESOURCE) this.#resources.push(deserialize(input.sized()))
    else if (type === SCOPE) this.#scopes.push(deserialize(input.sized()))
    else if (type === METRIC) this.#metrics.push(deserialize(input.sized()))
    else if (type === SERIES) {
      const context = this.#contextOf(input.u32(), input.u32(), input.u32())
      this.#series.push(this.#seriesIn(context, input))
    } else if (type === LETTER)
      this.#deadLetter = { key: input.text(), pipelines: JSON.parse(input.text()) ?? undefined }
    else throw unknownType(type)
  }

  /** Mostly that of the series before, which keeps it. */
  #contextOf(metric: number, resource: number, scope: number): number {
    const last = this.#context
    if (metric === last.metric && resource === last.resource && scope === last.scope) return last.id
    const id = this.#registry.contextOf(this.#metrics[metric], this.#resources[resource], this.#scopes[scope])
    this.#context = { metric, resource, scope, id }
    return id
  }

  #seriesIn(context: number, input: ByteReader): number {
    const form = input.u8()
    const bytes = input.sized()
    if (form === AS_BYTES) return this.#registry.idOfKey(context, viewOf(bytes), 0, bytes.length)
    return this.#registry.idIn(context, form === AS_JSON ? JSON.parse(bytes.toString()) : deserialize(bytes))
  }

  #entry(type: number, input: ByteReader): Entry {
    if (type !== TICK && type !== POINTS && type !== EVENTS) throw unknownType(type)
    const time = input.f64()
    if (type === TICK) return { kind: 'tick', time }
    const source = input.text()
    const request = input.text() || undefined
    const length = input.u32()
    const block = type === POINTS ? this.#points(length, input) : readEvents(length, input)
    const deadLetter = this.#deadLetter
    this.#deadLetter = undefined
    return { kind: 'data', time, source, request, deadLetter, block }
  }

  #points(length: number, input: ByteReader): PointBlock {
    const has = input.u8()
    const indexes = input.i32Column(length)
    return {
      type: 'points',
      length,
      series: new SeriesColumn(
        this.#registry,
        Uint32Array.from(indexes, index => this.#series[index] ?? unknownSeries(index))
      ),
      time: readColumn(input, length),
      start: readColumn(input, length),
      value: readColumn(input, length),
      flags: has & HAS_FLAGS ? input.u8Column(length) : new Uint8Array(length),
      distributions: has & HAS_DISTRIBUTIONS ? deserialize(input.sized()) : new Map()
    }
  }
}

const unknownType = (type: number) => new RangeError(`unknown entry type ${type}: another version of Weir wrote it`)

function unknownSeries(index: number): never {
  throw new RangeError(`it has no series ${index}`)
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

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

function readEvents(length: number, input: ByteReader): EventBlock {
  // Columns of equal values have no bytes for each: a damaged length would take all memory.
  if (length > input.left) throw new RangeError(`${length} events in ${input.left} bytes`)
  const time = readColumn(input, length)
  const value = readColumn(input, length)
  const [name, id, attributes] = deserialize(input.sized())
  if ([name, id, attributes].some(column => column?.length !== length)) throw new RangeError(`not ${length} events`)
  return { type: 'events', length, time, value, name, id, attributes }
}

function isAnySet(flags: Uint8Array): boolean {
  for (let i = 0; i < flags.length; i++) if (flags[i] !== 0) return true
  return false
}
