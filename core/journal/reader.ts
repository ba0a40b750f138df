import type { SeriesTable } from '../model/series-table/series-table.ts'
import { ByteReader } from './bytes.ts'
import type { Disk } from './disk.ts'
import type { Entry } from './entry.ts'
import { EntryDecoder } from './entry-decoder.ts'
import { damaged, listSegments, SegmentScanner } from './segment.ts'

export interface NumberedEntry {
  readonly number: number
  readonly entry: Entry
}

/** Reads entries in order, from a number on, also of a journal that is being written. */
export class JournalReader {
  #disk: Disk
  #folder: string
  #registry: SeriesTable
  #next: number
  #decoded: NumberedEntry[] = []
  #scanner: SegmentScanner | undefined
  #decoder: EntryDecoder

  constructor(disk: Disk, folder: string, registry: SeriesTable, firstEntry: number) {
    this.#disk = disk
    this.#folder = folder
    this.#registry = registry
    this.#next = firstEntry
    this.#decoder = new EntryDecoder(registry)
  }

  /** The next entry if it is before `end`, which must not be beyond the committed entries; else undefined. */
  async next(end: number): Promise<NumberedEntry | undefined> {
    if (this.#next >= end) return undefined
    while (this.#decoded.length === 0) await this.#readFrame()
    this.#next++
    return this.#decoded.shift()
  }

  async close(): Promise<void> {
    const scanner = this.#scanner
    this.#scanner = undefined
    await scanner?.close()
  }

  async #readFrame(): Promise<void> {
    try {
      this.#scanner ??= await this.#open(this.#next)
      const frame = await this.#scanner.next()
      if (frame === undefined) return await this.#nextSegment()
      const entries = this.#decoder.decode(new ByteReader(frame.payload))
      this.#decoded = entries
        .map((entry, i) => ({ number: frame.firstEntry + i, entry }))
        .filter(({ number }) => number >= this.#next)
    } catch (error) {
      // The next try begins the segment anew: this one may be behind the frame that failed, with half its definitions.
      await this.close().catch(() => {})
      throw error
    }
  }

  async #nextSegment(): Promise<void> {
    const { file, position } = this.#scanner!
    await this.close()
    this.#scanner = await this.#open(this.#next)
    if (this.#scanner.file === file) throw damaged(file, position, `entry ${this.#next} should be here`)
  }

  /** The segment that holds the entry, from its beginning: its definitions are needed. */
  async #open(entry: number): Promise<SegmentScanner> {
    this.#decoder = new EntryDecoder(this.#registry)
    for (const file of (await listSegments(this.#disk, this.#folder)).toReversed()) {
      const scanner = await SegmentScanner.open(this.#disk, file)
      if (scanner !== undefined && scanner.header.firstEntry <= entry) return scanner
      await scanner?.close()
    }
    throw damaged(this.#folder, 0, `no segment holds entry ${entry}`)
  }
}
