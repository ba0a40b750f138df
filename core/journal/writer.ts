import path from 'node:path'
import { type Clock, sleep } from '../telemetry/clock.ts'
import type { Disk, DiskFile } from './disk.ts'
import type { Entry } from './entry.ts'
import { EntryEncoder } from './entry-encoder.ts'
import { compressFrame, encodeHeader, FRAME_HEADER_BYTES, HEADER_BYTES, sealFrame, segmentName } from './segment.ts'

/** Pause between tries to cut off the bytes of a failed commit. */
const CUT_RETRY_MS = 1000
// Entries that come within this time go into the same group. It is far below the time of a reply, and a sync costs as
// much as a request.
const GATHER_MS = 2

/** From this share of a segment on the series of the next are defined, some with each entry. */
const FORESEEN_FROM = 0.8
const FORESEEN_AT_ONCE = 100

export interface WriterOptions {
  readonly disk: Disk
  readonly folder: string
  readonly clock: Clock
  /**
   * A segment is ended once its entries take so much, in bytes. The definitions of series are not counted: with many
   * series a segment would hold little else, for the next one defines them anew.
   */
  readonly segmentBytes: number
  /** A segment is ended once it is this large, with the definitions. */
  readonly largestSegmentBytes: number
  readonly isCompressed?: boolean
  /** Number of the first entry to come. */
  readonly nextEntry: number
  /** Entries before this number are on disk, in `bytes` more of it. */
  onCommitted(entry: number, bytes: number): void
  /** Entries from this number on are not in the journal, and their numbers will be given anew. */
  onFailed(entry: number, error: Error): void
}

interface OpenSegment {
  readonly handle: DiskFile
  /** The end of its last commit, in bytes. */
  end: number
}

/**
 * Appends entries in groups: while one group is written and synced the next gathers, so the slower the disk the larger
 * the groups.
 */
export class JournalWriter {
  #options: WriterOptions
  #encoder = new EntryEncoder(FRAME_HEADER_BYTES)
  /** Encodes entries of the next segment. */
  #nextEncoder = new EntryEncoder(FRAME_HEADER_BYTES)
  #nextEntry: number
  #committed: number
  #segment: OpenSegment | undefined
  /** Bytes of the segment that the encoder writes to. */
  #segmentBytes = HEADER_BYTES
  #failing = false
  #closing = new AbortController()
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

  /** A commit failed, and its bytes are not cut off yet: better not append now. */
  get failing(): boolean {
    return this.#failing
  }

  /** Returns the entry's number. It is on disk once `onCommitted` says so. */
  append(entry: Entry): number {
    this.#encoder.add(entry)
    if (entry.kind === 'data' && this.#entryBytes > this.#options.segmentBytes * FORESEEN_FROM)
      this.#nextEncoder.foresee(entry.block, FORESEEN_AT_ONCE)
    const number = this.#nextEntry++
    this.#running ??= this.#commitAll()
    return number
  }

  get #entryBytes(): number {
    return this.#segmentBytes - this.#encoder.definitionBytes
  }

  /** Resolves when all that was appended is on disk or has failed, or, on a disk that takes nothing, is left open. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
    await this.#endSegment()
  }

  async #commitAll(): Promise<void> {
    const { segmentBytes, largestSegmentBytes } = this.#options
    while (this.#nextEntry > this.#committed) {
      await sleep(this.#options.clock, GATHER_MS, this.#closing.signal).catch(() => {})
      const upTo = this.#nextEntry
      const frame = this.#encoder.take()
      this.#segmentBytes += frame.length
      const isLast = this.#entryBytes >= segmentBytes || this.#segmentBytes >= largestSegmentBytes
      // Each segment can be read by itself: the next one defines its series anew.
      if (isLast) this.#beginSegment()
      let bytes: number
      try {
        bytes = await this.#commit(frame, upTo - this.#committed)
      } catch (error) {
        await this.#fail(error as Error)
        break
      }
      if (isLast) await this.#endSegment()
      this.#committed = upTo
      this.#options.onCommitted(upTo, bytes)
    }
    this.#running = undefined
  }

  /** Returns how many bytes the journal has grown by. */
  async #commit(taken: Buffer, count: number): Promise<number> {
    const { isCompressed = false } = this.#options
    const frame = isCompressed ? await compressFrame(taken) : taken
    sealFrame(frame, this.#committed, count, isCompressed)
    const before = this.#segment?.end ?? 0
    if (this.#segment === undefined) await this.#createSegment()
    const segment = this.#segment!
    await segment.handle.append(frame)
    await segment.handle.sync()
    segment.end = Math.max(before, HEADER_BYTES) + frame.length
    return segment.end - before
  }

  // The header is synced before any frame. So if the header is not whole, no frame is, unless the file was damaged
  // later.
  async #createSegment(): Promise<void> {
    const { disk, folder, clock } = this.#options
    const handle = await disk.create(path.join(folder, segmentName(this.#committed)))
    this.#segment = { handle, end: 0 }
    await handle.append(encodeHeader({ firstEntry: this.#committed, begun: clock.now() }))
    await handle.sync()
    await disk.syncFolder(folder)
  }

  #beginSegment(): void {
    const ended = this.#encoder
    this.#encoder = this.#nextEncoder
    this.#nextEncoder = ended
    ended.beginSegment()
    this.#segmentBytes = HEADER_BYTES
  }

  // All of it is synced, so whether closing succeeds does not matter.
  async #endSegment(): Promise<void> {
    const segment = this.#segment
    this.#segment = undefined
    await segment?.handle.close().catch(() => {})
  }

  // After a failed write or sync nobody knows the bytes of the file behind the last commit. They are cut off before any
  // sender is told: failed batches will be sent again, and must not come back from here as well. Until the cut works
  // its senders wait, as they would for a slow disk. After a crash they know as much as we do.
  async #fail(error: Error): Promise<void> {
    this.#failing = true
    while (!(await this.#cut())) {
      if (this.#closing.signal.aborted) return
      await sleep(this.#options.clock, CUT_RETRY_MS, this.#closing.signal).catch(() => {})
    }
    await this.#endSegment()
    this.#failing = false
    // Without a pause from here on: entries appended meanwhile have failed too.
    this.#beginSegment()
    this.#nextEntry = this.#committed
    this.#options.onFailed(this.#committed, error)
  }

  async #cut(): Promise<boolean> {
    if (this.#segment === undefined) return true
    const { handle, end } = this.#segment
    try {
      await handle.truncate(end)
      await handle.sync()
      return true
    } catch {
      return false
    }
  }
}
