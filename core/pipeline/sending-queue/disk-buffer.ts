import type { Disk } from '../../journal/disk.ts'
import { cutFrom } from '../../journal/inspection.ts'
import { Journal } from '../../journal/journal.ts'
import type { NumberedEntry } from '../../journal/reader.ts'
import { type Block, blockBytes } from '../../model/block.ts'
import { pickItems, type Range, unpicked } from '../../model/ranges.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { QueuePosition } from '../checkpoint/file.ts'

/** Full, it must consist of several files: space comes back file by file. */
const SEGMENTS_WHEN_FULL = 8
const LARGEST_SEGMENT_BYTES = 64 * 2 ** 20

/** A block on disk: the items of the entry that are still to be exported. */
export interface BufferedEntry {
  readonly entry: number
  /** When it was appended, Unix ms. */
  readonly time: number
  readonly block: Block
}

export interface DiskBufferOptions {
  readonly disk: Disk
  readonly folder: string
  readonly clock: Clock
  readonly series: SeriesTable
  /** On disk, in bytes. */
  readonly maxBytes: number
  /** The position at the checkpoint: later entries are made again. Undefined to keep all entries. */
  readonly position: QueuePosition | undefined
  /** Set to go on though some entries are missing. */
  readonly areGapsAllowed?: boolean
}

/**
 * The part of a sending queue that is on disk: a queue of blocks in the journal's format. An entry may be exported
 * before those in front of it, or in part. The position moves on over all that are exported, and has the rest of
 * others.
 */
export class DiskBuffer {
  #journal: Journal
  #next: number
  /** Ranges still to be exported, of entries from `#next` on that are not whole. */
  #left: Map<number, readonly Range[]>
  #ahead: NumberedEntry | undefined
  #maxBytes: number
  /** Entries before this number are on disk. */
  onCommitted: (entry: number) => void = () => {}
  /** Entries appended since the last commit are not on disk. */
  onFailed: (error: Error) => void = () => {}

  private constructor(options: DiskBufferOptions, open: (diskBuffer: DiskBuffer) => Journal) {
    this.#maxBytes = options.maxBytes
    this.#journal = open(this)
    this.#next = this.#journal.next
    // If entries were allowed to be missing, their numbers are given anew.
    this.#left = new Map([...(options.position?.left ?? [])].filter(([entry]) => entry < this.#journal.committed))
  }

  /** Throws `STATE_INVALID` if a file is damaged, or if there is less than `position` says. */
  static async open(options: DiskBufferOptions): Promise<DiskBuffer> {
    const { disk, folder, maxBytes, position, areGapsAllowed = false } = options
    await disk.makeFolder(folder)
    if (position !== undefined) await cutFrom(disk, folder, position.end)
    let made: DiskBuffer | undefined
    const journal = await Journal.open(
      {
        ...options,
        segmentBytes: Math.min(LARGEST_SEGMENT_BYTES, maxBytes / SEGMENTS_WHEN_FULL),
        // It is on disk to be out of memory.
        memoryBytes: 0,
        leastEnd: areGapsAllowed ? undefined : position?.end,
        onCommitted: entry => made!.onCommitted(entry),
        onFailed: error => made!.onFailed(error)
      },
      position?.next
    )
    made = new DiskBuffer(options, () => journal)
    return made
  }

  /** True if everything on disk was read. */
  get isEmpty(): boolean {
    return this.#ahead === undefined && this.#journal.unread === 0
  }

  /** Better append nothing now: its disk fails. */
  get isFailing(): boolean {
    return this.#journal.isFailing
  }

  get isFull(): boolean {
    // Space comes back file by file, and the last one stays: it must not keep out later entries.
    const isEmptied = this.#next === this.#journal.committed
    return this.#journal.bytes >= this.#maxBytes && !isEmptied
  }

  get bytes(): number {
    return this.#journal.bytes
  }

  get position(): QueuePosition {
    const position = { next: this.#next, end: this.#journal.committed }
    return this.#left.size === 0 ? position : { ...position, left: new Map(this.#left) }
  }

  /** Returns the number of its entry, which is on disk once `onCommitted` says so. */
  append(source: string, time: number, block: Block): number {
    return this.#journal.append({ kind: 'data', time, source, request: undefined, block }, blockBytes(block))
  }

  /**
   * The next blocks of one type: at most `maxItems` items, but at least one block. Empty if all were read. Rejects if
   * the next cannot be read now.
   */
  async read(maxItems: number): Promise<BufferedEntry[]> {
    const entries: BufferedEntry[] = []
    for (let items = 0; ; ) {
      try {
        this.#ahead ??= await this.#journal.read()
      } catch (error) {
        // Entries read before it are not read again.
        if (entries.length > 0) return entries
        throw error
      }
      if (this.#ahead === undefined) return entries
      const { number, entry } = this.#ahead
      const block = entry.kind === 'data' ? this.#restOf(number, entry.block) : undefined
      if (block === undefined) {
        this.#ahead = undefined
        continue
      }
      items += block.length
      if (entries.length > 0 && (items > maxItems || block.type !== entries[0].block.type)) return entries
      entries.push({ entry: number, time: entry.time, block })
      this.#ahead = undefined
    }
  }

  /** The entry, which is on disk, need not be exported any more. */
  done(entry: number): void {
    this.keepOnly(entry, [])
  }

  /** Only `left` of the rest of the entry, which is on disk, is still to be exported. */
  keepOnly(entry: number, left: readonly Range[]): void {
    const before = this.#left.get(entry)
    this.#left.set(entry, before === undefined ? left : unpicked(left, before))
    while (this.#left.get(this.#next)?.length === 0) this.#left.delete(this.#next++)
  }

  /** Frees the entries before `entry`. */
  removeBefore(entry: number): Promise<void> {
    return this.#journal.removeBefore(entry)
  }

  /** Waits until all appended entries are on disk or have failed. */
  close(): Promise<void> {
    return this.#journal.close()
  }

  /**
   * Undefined if it is exported: a batch that was being exported when it went to disk may be done before it is read.
   */
  #restOf(entry: number, block: Block): Block | undefined {
    if (entry < this.#next) return undefined
    const left = this.#left.get(entry)
    if (left === undefined) return block
    return left.length === 0 ? undefined : pickItems(block, left)
  }
}
