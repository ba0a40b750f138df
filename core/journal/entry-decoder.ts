import { deserialize } from 'node:v8'
import type { EventBlock } from '../model/events.ts'
import type { PointBlock } from '../model/points.ts'
import { SeriesColumn } from '../model/series-table/series-column.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'
import type { ByteReader } from './bytes.ts'
import type { Entry, FormerDeadLetter } from './entry.ts'
import {
  EVENTS,
  FIRST_OF_ENTRIES,
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
import { readColumn } from './packed-column.ts'
import { SeriesDefinitions } from './series-definitions.ts'

/** Decodes the entries of one segment, from its beginning. */
export class EntryDecoder {
  readonly #table: SeriesTable
  readonly #series: SeriesDefinitions
  /** Belongs to the next entry. */
  #deadLetter: FormerDeadLetter | undefined

  constructor(table: SeriesTable) {
    this.#table = table
    this.#series = new SeriesDefinitions(table)
  }

  /** From here on it is another segment. */
  beginSegment(): void {
    this.#series.clear()
    this.#deadLetter = undefined
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
    if (type === SERIES) this.#series.read(input)
    else if (type === RESOURCE || type === SCOPE || type === METRIC) this.#series.addPart(type, input.sized())
    else if (type === LETTER) this.#deadLetter = { key: input.text(), pipelines: JSON.parse(input.text()) ?? undefined }
    else throw unknownType(type)
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
    const ids = this.#series.idsOf(input.i32Column(length))
    return {
      type: 'points',
      length,
      series: new SeriesColumn(this.#table, ids),
      time: readColumn(input, length),
      start: readColumn(input, length),
      value: readColumn(input, length),
      flags: has & HAS_FLAGS ? input.u8Column(length) : new Uint8Array(length),
      distributions: has & HAS_DISTRIBUTIONS ? deserialize(input.copied()) : new Map()
    }
  }
}

const unknownType = (type: number) => new RangeError(`unknown entry type ${type}: another version of Weir wrote it`)

function readEvents(length: number, input: ByteReader): EventBlock {
  // Columns of equal values have no bytes for each: a damaged length would take all memory.
  if (length > input.left) throw new RangeError(`${length} events in ${input.left} bytes`)
  const time = readColumn(input, length)
  const value = readColumn(input, length)
  const [name, id, attributes] = deserialize(input.copied())
  if ([name, id, attributes].some(column => column?.length !== length)) throw new RangeError(`not ${length} events`)
  return { type: 'events', length, time, value, name, id, attributes }
}
