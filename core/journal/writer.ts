import path from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { type Entry, EntryEncoder } from './entry.ts'
import { encodeHeader, FRAME_HEADER_BYTES, HEADER_BYTES, sealFrame, segmentName } from './segment.ts'

export interface WriterOptions {
  readonly disk: Disk
  readonly folder: string
  /** A segment is ended once it is this large, in bytes. */
  readonly segmentBytes: number
  /** Number of the first entry to come. */
  readonly nextEntry: number
  /** Entries before this number are on disk, in `bytes` more of it. */
  onCommitted(entry: number, bytes: number): void
  /** Entries from this number on are not in the journal, and their numbers will be given anew. */
  onFailed(entry: number, error: Error): void
}

interface OpenSegment {
  readonly file: string
  readonly handle: DiskFile
}

/**
 * Appends entries in groups: while one group is written and synced the next gathers, so the slower the disk the larger
 * the groups.
 */
export class JournalWriter {
  #options: WriterOptions
  #encoder = new EntryEncoder(FRAME_HEADER_BYTES)
  #nextEntry: number
  #committed: number
  #segment: OpenSegment | undefined
  /** Bytes of the segment that the encoder writes to. */
  #segmentBytes = 0
  #running: Promise<void> | undefined

  constructor(options: WriterOptions) {
    this.#options = options
    this.#nextEntry = options.nextEntry
    this.#committed = options.nextEntry
  }

  /** Number of the next entry to be appended. */
  get nextEntry(): number {
    return this.#nextEntry
  }

  /** Entries before this are on disk. */
  get committed(): number {
    return this.#committed
  }

  /** Returns the entry's number. It is on disk once `onCommitted` says so. */
  append(entry: Entry): number {
    this.#encoder.add(entry)
    const number = this.#nextEntry++
    this.#running ??= this.#commitAll()
    return number
  }

  /** Resolves when all that was appended is on disk, or has failed. */
  async close(): Promise<void> {
    await this.#running
    await this.#segment?.handle.close()
    this.#segment = undefined
  }

  async #commitAll(): Promise<void> {
    // What the same turn of the event loop still brings goes into the same group.
    await new Promise(setImmediate)
    while (this.#nextEntry > this.#committed) {
      const upTo = this.#nextEntry
      const isNewSegment = this.#segment === undefined
      const frame = this.#encoder.take()
      sealFrame(frame, this.#committed, upTo - this.#committed)
      this.#segmentBytes += frame.length
      const isLast = this.#segmentBytes >= this.#options.segmentBytes
      // Each segment can be read by itself: the next one defines its series anew.
      if (isLast) this.#beginSegment()
      let bytes: number
      try {
        bytes = await this.#commit(frame, isNewSegment)
        if (isLast) await this.#endSegment()
      } catch (error) {
        await this.#fail(error as Error)
        break
      }
      this.#committed = upTo
      this.#options.onCommitted(upTo, bytes)
    }
    this.#running = undefined
  }

  async #commit(frame: Buffer, isNewSegment: boolean): Promise<number> {
    const { disk, folder } = this.#options
    if (isNewSegment) {
      const file = path.join(folder, segmentName(this.#committed))
      this.#segment = { file, handle: await disk.create(file) }
      await this.#segment.handle.append(encodeHeader({ firstEntry: this.#committed, begun: Date.now() }))
      await disk.syncFolder(folder)
    }
    await this.#segment!.handle.append(frame)
    await this.#segment!.handle.sync()
    return frame.length + (isNewSegment ? HEADER_BYTES : 0)
  }

  #beginSegment(): void {
    this.#encoder = new EntryEncoder(FRAME_HEADER_BYTES)
    this.#segmentBytes = HEADER_BYTES
  }

  async #endSegment(): Promise<void> {
    const { handle } = this.#segment!
    this.#segment = undefined
    await handle.close()
  }

  // After a failed write or sync nobody knows what the file holds behind the last commit. It is left as it is, and a new
  // segment begins with the number that failed; readers see by the numbers that nothing is missing between the two.
  async #fail(error: Error): Promise<void> {
    this.#beginSegment()
    this.#nextEntry = this.#committed
    await this.#endSegment().catch(() => {})
    this.#options.onFailed(this.#committed, error)
  }
}
