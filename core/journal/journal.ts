import type { SeriesTable } from '../model/series-table/series-table.ts'
import type { Clock } from '../telemetry/clock.ts'
import type { Disk } from './disk.ts'
import type { Entry } from './entry.ts'
import { JournalReader, type NumberedEntry } from './reader.ts'
import { type Survey, surveyJournal } from './recovery.ts'
import { firstEntryOf, listSegments } from './segment.ts'
import { JournalWriter } from './writer.ts'

/** Old data is removed in whole segments, so a full journal must consist of several. */
const SEGMENTS_WHEN_FULL = 4

/** Bytes of appended entries kept in memory until they are read. Beyond that they are read back from disk. */
const MEMORY_BYTES = 64 * 2 ** 20

export interface JournalOptions {
  readonly disk: Disk
  readonly folder: string
  readonly clock: Clock
  /** Of entries, without the definitions of series. Less if `maxBytes` is small. */
  readonly segmentBytes: number
  readonly isCompressed?: boolean
  /** Above this {@link Journal.isFull}. */
  readonly maxBytes: number
  /**
   * Bytes of appended entries kept in memory until they are read, 64 MiB by default. Beyond that they are read back
   * from disk.
   */
  readonly memoryBytes?: number
  /** Entries before this one were known to be on disk. */
  readonly leastEnd?: number | undefined
  readonly series: SeriesTable
  /** Entries before this number are on disk. */
  onCommitted(entry: number): void
  /** Entries from this number on could not be written, and are forgotten. */
  onFailed(error: Error): void
}

/** A queue of entries that survives crashes: appended at one end, read in order at the other, removed when told. */
export class Journal {
  #options: JournalOptions
  #writer: JournalWriter
  #reader: JournalReader | undefined
  #bytes: number
  /** Appended entries that are not yet read, without a gap from the first on. Not all of them are here. */
  #memory: (NumberedEntry & { readonly bytes: number })[] = []
  #memoryBytes = 0
  #next: number
  /** Bytes behind the last whole frame, which a crash had left and which were cut off. */
  readonly tornBytes: number

  private constructor(options: JournalOptions, { segments, nextEntry, tornBytes }: Survey, firstUnread: number) {
    this.#options = options
    this.tornBytes = tornBytes
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#next = firstUnread
    this.#writer = new JournalWriter({
      ...options,
      segmentBytes: Math.min(options.segmentBytes, options.maxBytes / SEGMENTS_WHEN_FULL),
      largestSegmentBytes: options.maxBytes / SEGMENTS_WHEN_FULL,
      nextEntry: Math.max(nextEntry, firstUnread),
      onCommitted: (entry, bytes) => {
        this.#bytes += bytes
        options.onCommitted(entry)
      },
      onFailed: (entry, error) => this.#discardFrom(entry, error)
    })
  }

  /**
   * Recovers the folder's journal. A torn end is cut off. Throws `STATE_INVALID` for damage.
   * @param firstUnread number of the entry to be read first; the first there is if undefined
   */
  static async open(options: JournalOptions, firstUnread: number | undefined): Promise<Journal> {
    const survey = await surveyJournal(options.disk, options.folder, {
      from: firstUnread,
      leastEnd: options.leastEnd,
      repair: true
    })
    return new Journal(options, survey, firstUnread ?? survey.segments[0]?.firstEntry ?? 0)
  }

  /** Better not append: bytes of a failed write are not cut off yet, and an append waits for that. */
  get isFailing(): boolean {
    return this.#writer.failing
  }

  get isFull(): boolean {
    return this.#bytes >= this.#options.maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Number of the entry that is appended next. */
  get appended(): number {
    return this.#writer.nextEntry
  }

  /** Entries before this are on disk. */
  get committed(): number {
    return this.#writer.committed
  }

  /** Number of the entry that is read next. */
  get next(): number {
    return this.#next
  }

  /** Entries on disk and not yet read. */
  get unread(): number {
    return this.#writer.committed - this.#next
  }

  /** Returns the entry's number. @param bytes memory it takes */
  append(entry: Entry, bytes: number): number {
    const number = this.#writer.append(entry)
    const last = this.#memory.at(-1)
    const continues = last === undefined || number === last.number + 1
    if (continues && this.#memoryBytes < (this.#options.memoryBytes ?? MEMORY_BYTES)) {
      this.#memory.push({ number, entry, bytes })
      this.#memoryBytes += bytes
    }
    return number
  }

  /** The next entry that is on disk, if it is still in memory. */
  readFromMemory(): NumberedEntry | undefined {
    if (this.unread <= 0 || this.#memory[0]?.number !== this.#next) return undefined
    const entry = this.#memory.shift()!
    this.#memoryBytes -= entry.bytes
    this.#next++
    if (this.#reader !== undefined) void this.#closeReader()
    return entry
  }

  /**
   * The next entry that is on disk. Undefined if all have been read. Rejects if it cannot be read now; it is then still
   * the next.
   */
  async read(): Promise<NumberedEntry | undefined> {
    const fromMemory = this.readFromMemory()
    if (fromMemory !== undefined || this.unread <= 0) return fromMemory
    const { disk, folder, series } = this.#options
    // Kept until memory has caught up: a reader begins with its segment's first frame.
    this.#reader ??= new JournalReader(disk, folder, series, this.#next)
    const entry = await this.#reader.next(this.#writer.committed)
    this.#next++
    return entry
  }

  /** Deletes the segments that hold nothing from `entry` on. */
  async removeBefore(entry: number): Promise<void> {
    const { disk, folder } = this.#options
    const segments = await listSegments(disk, folder)
    const gone = segments.filter((_, i) => i + 1 < segments.length && firstEntryOf(segments[i + 1]) <= entry)
    for (const file of gone) {
      const bytes = await disk.size(file)
      await disk.remove(file)
      this.#bytes -= bytes
      // One after the other: after a crash none may be missing between two that came back.
      await disk.syncFolder(folder)
    }
  }

  async close(): Promise<void> {
    await this.#writer.close()
    await this.#closeReader()
  }

  #discardFrom(entry: number, error: Error): void {
    while (this.#memory.length > 0 && this.#memory.at(-1)!.number >= entry)
      this.#memoryBytes -= this.#memory.pop()!.bytes
    this.#options.onFailed(error)
  }

  async #closeReader(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    await reader?.close().catch(() => {})
  }
}
