import type { SeriesRegistry } from '../model/series.ts'
import type { Disk } from './disk.ts'
import type { Entry } from './entry.ts'
import { JournalReader, type NumberedEntry, type Survey, surveyJournal } from './reader.ts'
import { firstEntryOf, listSegments } from './segment.ts'
import { JournalWriter } from './writer.ts'

// What was appended stays in memory until it is read, up to this; beyond, it is read back from disk.
const MEMORY_BYTES = 64 * 2 ** 20

export interface JournalOptions {
  readonly disk: Disk
  readonly folder: string
  readonly segmentBytes: number
  /** Above this {@link Journal.isFull}. */
  readonly maxBytes: number
  readonly series: SeriesRegistry
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
  /** Appended and not yet read, without a gap from its first on. */
  #memory: (NumberedEntry & { readonly bytes: number })[] = []
  #memoryBytes = 0
  #next: number

  private constructor(options: JournalOptions, { segments, nextEntry }: Survey, firstUnread: number) {
    this.#options = options
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#next = firstUnread
    this.#writer = new JournalWriter({
      ...options,
      nextEntry: Math.max(nextEntry, firstUnread),
      onCommitted: (entry, bytes) => {
        this.#bytes += bytes
        options.onCommitted(entry)
      },
      onFailed: (entry, error) => this.#forgetFrom(entry, error)
    })
  }

  /** Recovers what is in the folder; a torn end is cut off. Throws `STATE_INVALID` for damage. */
  static async open(options: JournalOptions, firstUnread: number): Promise<Journal> {
    return new Journal(options, await surveyJournal(options.disk, options.folder, true), firstUnread)
  }

  get isFull(): boolean {
    return this.#bytes >= this.#options.maxBytes
  }

  get bytes(): number {
    return this.#bytes
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
    const last = this.#memory.at(-1)?.number ?? this.#next - 1
    if (number === last + 1 && this.#memoryBytes < MEMORY_BYTES) {
      this.#memory.push({ number, entry, bytes })
      this.#memoryBytes += bytes
    }
    return number
  }

  /** The next entry that is on disk, where it is still in memory. */
  readFromMemory(): NumberedEntry | undefined {
    if (this.#memory.length === 0 || this.unread <= 0) return undefined
    const entry = this.#memory.shift()!
    this.#memoryBytes -= entry.bytes
    this.#next++
    return entry
  }

  /** The next entry that is on disk; undefined where all have been read. */
  async read(): Promise<NumberedEntry | undefined> {
    const fromMemory = this.readFromMemory()
    if (fromMemory !== undefined || this.unread <= 0) return fromMemory
    const { disk, folder, series } = this.#options
    this.#reader ??= new JournalReader(disk, folder, series, this.#next)
    const entry = await this.#reader.next(this.#writer.committed)
    this.#next++
    if (this.unread === 0) await this.#closeReader()
    return entry
  }

  /** Deletes the segments that hold nothing from `entry` on. */
  async removeBefore(entry: number): Promise<void> {
    const { disk, folder } = this.#options
    const segments = await listSegments(disk, folder)
    const gone = segments.filter((_, i) => i + 1 < segments.length && firstEntryOf(segments[i + 1]) <= entry)
    for (const file of gone) {
      this.#bytes -= await disk.size(file)
      await disk.remove(file)
    }
  }

  async close(): Promise<void> {
    await this.#writer.close()
    await this.#closeReader()
  }

  #forgetFrom(entry: number, error: Error): void {
    while (this.#memory.length > 0 && this.#memory.at(-1)!.number >= entry)
      this.#memoryBytes -= this.#memory.pop()!.bytes
    this.#options.onFailed(error)
  }

  async #closeReader(): Promise<void> {
    await this.#reader?.close()
    this.#reader = undefined
  }
}
