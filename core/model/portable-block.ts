import type { Block } from './block.ts'
import type { Distribution } from './distribution.ts'
import type { EventBlock } from './events.ts'
import { type PointBlock, PointBlockBuilder } from './points.ts'
import type { SeriesFacts } from './series-table/id-column.ts'
import { IdColumn, PagedColumn } from './series-table/id-column.ts'
import type { IdHolder } from './series-table/id-lifetimes.ts'
import { UNKNOWN } from './series-table/key-table.ts'
import { SeriesColumn } from './series-table/series-column.ts'
import type { SeriesContext } from './series-table/series-contexts.ts'
import type { SeriesTable } from './series-table/series-table.ts'
import type { Stepwise } from './stepwise.ts'

const BYTES_PER_POINT = 29

/** Identities, each told once: their contexts, and their attributes as series tables have them. */
export interface SeriesDefinitions {
  readonly contexts: readonly SeriesContext[]
  /** By definition: the id in the writer's table. */
  readonly ids: Uint32Array
  /** By definition: the index of its context. */
  readonly contextOf: Uint32Array
  /** By definition: bytes of attributes. */
  readonly lengths: Uint32Array
  readonly attributes: Uint8Array<ArrayBuffer>
}

/** Points whose series are ids of another table. */
export interface PortablePoints {
  readonly type: 'points'
  readonly length: number
  /** Ids that meant series before, and mean nothing from here on. */
  readonly gone: readonly number[]
  /** Series of the block that the reader has not seen yet. */
  readonly definitions: SeriesDefinitions | undefined
  /** time, start and value as float64, series as uint32, flags as uint8, each for all points. */
  readonly columns: ArrayBuffer
  readonly distributions: ReadonlyMap<number, Distribution> | undefined
}

/**
 * A block that can leave its thread: plain data, without a series table. Blocks of one {@link PortableBlockWriter} are
 * read in their order by one {@link PortableBlockReader}.
 */
export type PortableBlock = PortablePoints | EventBlock

/** Memory of a portable block that can be handed over in place of being copied. */
export function transferables(block: PortableBlock): ArrayBuffer[] {
  if (block.type === 'events') return []
  return block.definitions === undefined ? [block.columns] : [block.columns, block.definitions.attributes.buffer]
}

/** Writes blocks of one table. Series are defined before their first use, and again after they had gone. */
export class PortableBlockWriter implements SeriesFacts {
  readonly #table: SeriesTable
  /** By id: 1 if the reader knows the series. */
  readonly #defined = new PagedColumn(Uint8Array)
  #gone: number[] = []

  constructor(table: SeriesTable) {
    this.#table = table
    table.addColumn(this)
  }

  /** For the table: the series of `id` goes. */
  clear(id: number): void {
    if (this.#defined.get(id) === 0) return
    this.#defined.clear(id)
    this.#gone.push(id)
  }

  /** The reader has no room for these series: they are defined again when they come again. */
  refused(ids: Iterable<number>): void {
    for (const id of ids) this.#defined.clear(id)
  }

  /** Ids that mean nothing from here on. The reader must be told, now or with the next block. */
  takeGone(): readonly number[] {
    const gone = this.#gone
    this.#gone = []
    return gone
  }

  write(block: Block): PortableBlock {
    if (block.type === 'events') return block
    const { length, series, distributions } = block
    const gone = this.takeGone()
    const definitions = this.#define(series.ids)
    const columns = packed(block)
    return {
      type: 'points',
      length,
      gone,
      definitions,
      columns,
      distributions: distributions.size === 0 ? undefined : distributions
    }
  }

  #define(ids: Uint32Array): SeriesDefinitions | undefined {
    const fresh: number[] = []
    for (let i = 0; i < ids.length; i++) {
      if (this.#defined.get(ids[i]) === 1) continue
      this.#defined.set(ids[i], 1)
      fresh.push(ids[i])
    }
    return fresh.length === 0 ? undefined : this.#definitionsOf(fresh)
  }

  #definitionsOf(ids: readonly number[]): SeriesDefinitions {
    const table = this.#table
    const lengths = Uint32Array.from(ids, id => lengthOf(table.keyOf(id)))
    const attributes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0))
    const indexes = new Map<number, number>()
    const contextOf = new Uint32Array(ids.length)
    let at = 0
    for (const [i, id] of ids.entries()) {
      const { view, start } = table.keyOf(id)
      attributes.set(new Uint8Array(view.buffer, start, lengths[i]), at)
      at += lengths[i]
      const context = table.contextIdOf(id)
      if (!indexes.has(context)) indexes.set(context, indexes.size)
      contextOf[i] = indexes.get(context)!
    }
    const contexts = [...indexes.keys()].map(context => plainContext(table.context(context)))
    return { contexts, ids: Uint32Array.from(ids), contextOf, lengths, attributes }
  }
}

/** A block that was read, without the points for whose series the table has no room. */
export interface ReadBlock {
  readonly block: Block
  readonly refusedPoints: number
  /** Ids in the writer's table. */
  readonly refusedSeries: readonly number[]
}

/** Reads blocks into one table. It holds each series until the writer says that it has gone. */
export class PortableBlockReader implements IdHolder {
  readonly #table: SeriesTable
  /** By id in the writer's table. */
  readonly #ids = new IdColumn(UNKNOWN)

  constructor(table: SeriesTable) {
    this.#table = table
    table.addHolder(this)
  }

  holdIds(hold: (id: number) => void): Stepwise<void> {
    return this.#ids.eachInSteps(hold)
  }

  /** These ids of the writer's mean nothing from here on. */
  release(gone: readonly number[]): void {
    for (const id of gone) this.#ids.clear(id)
  }

  read(portable: PortableBlock): ReadBlock {
    if (portable.type === 'events') return { block: portable, refusedPoints: 0, refusedSeries: [] }
    this.release(portable.gone)
    const refusedSeries = portable.definitions === undefined ? [] : this.#define(portable.definitions)
    const block = unpacked(portable, this.#table)
    const refusedPoints = this.#translate(block.series.ids)
    return { block: refusedPoints === 0 ? block : withoutUnknown(block), refusedPoints, refusedSeries }
  }

  /** Returns the series for which there was no room. */
  #define({ contexts, ids, contextOf, lengths, attributes }: SeriesDefinitions): number[] {
    const table = this.#table
    const own = contexts.map(({ metric, resource, scope }) => table.contextOf(metric, resource, scope))
    const view = new DataView(attributes.buffer, attributes.byteOffset, attributes.length)
    const refused: number[] = []
    let start = 0
    for (let i = 0; i < ids.length; i++) {
      const context = own[contextOf[i]]
      const end = start + lengths[i]
      const known = table.find(context, view, start, end)
      const id = known === UNKNOWN ? table.receiveKey(context, view, start, end) : known
      if (id === UNKNOWN) refused.push(ids[i])
      this.#ids.set(ids[i], id)
      start = end
    }
    return refused
  }

  /** Puts ids of the reader's table in place of the writer's. Returns how many are unknown. */
  #translate(ids: Uint32Array): number {
    let unknown = 0
    for (let i = 0; i < ids.length; i++) {
      ids[i] = this.#ids.get(ids[i])
      if (ids[i] === UNKNOWN) unknown++
    }
    return unknown
  }
}

const lengthOf = ({ start, end }: { readonly start: number; readonly end: number }) => end - start

/** Without what else a table keeps with it. */
const plainContext = ({ metric, resource, scope }: SeriesContext): SeriesContext => ({ metric, resource, scope })

function packed(block: PointBlock): ArrayBuffer {
  const columns = new ArrayBuffer(block.length * BYTES_PER_POINT)
  const { time, start, value, ids, flags } = columnsOf(columns, block.length)
  time.set(block.time)
  start.set(block.start)
  value.set(block.value)
  ids.set(block.series.ids)
  flags.set(block.flags)
  return columns
}

function unpacked({ length, columns, distributions }: PortablePoints, table: SeriesTable): PointBlock {
  const { ids, ...numbers } = columnsOf(columns, length)
  return {
    type: 'points',
    length,
    series: new SeriesColumn(table, ids),
    ...numbers,
    distributions: distributions ?? new Map()
  }
}

function columnsOf(memory: ArrayBuffer, length: number) {
  return {
    time: new Float64Array(memory, 0, length),
    start: new Float64Array(memory, length * 8, length),
    value: new Float64Array(memory, length * 16, length),
    ids: new Uint32Array(memory, length * 24, length),
    flags: new Uint8Array(memory, length * 28, length)
  }
}

function withoutUnknown(block: PointBlock): PointBlock {
  const builder = new PointBlockBuilder(block.length)
  for (let i = 0; i < block.length; i++) if (block.series.ids[i] !== UNKNOWN) builder.copy(block, i)
  return builder.build()
}
