import path from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { WeirError } from '../errors.ts'
import { crc32c } from './crc32c.ts'
import type { Disk, DiskFile } from './disk.ts'

// A segment: header, then frames. What one commit wrote is one frame, so a torn write can only spoil the last.
//   header: magic (8), number of the first entry (float64), time it was begun (float64), CRC-32C of these (uint32)
//   frame:  length of the payload (uint32), CRC-32C of all else (uint32), number of its first entry (float64), how many
//           there are (uint32, the highest bit: the payload is compressed by zstd), payload
const MAGIC = Buffer.from('WEIRJ001')
export const HEADER_BYTES = MAGIC.length + 8 + 8 + 4
export const FRAME_HEADER_BYTES = 20
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)
/** Above this a length is garbage: no commit is that large. */
const MAX_PAYLOAD_BYTES = 1 << 30
const COMPRESSED = 0x8000_0000
const SUFFIX = '.journal'
const NAME_DIGITS = 16

export interface SegmentHeader {
  /** Entries are numbered from 0, through all segments. */
  readonly firstEntry: number
  /** Unix ms. */
  readonly begun: number
}

/** The entries of one commit. */
export interface Frame {
  readonly firstEntry: number
  readonly count: number
  readonly payload: Buffer
}

export function segmentName(firstEntry: number): string {
  return `${String(firstEntry).padStart(NAME_DIGITS, '0')}${SUFFIX}`
}

export function firstEntryOf(file: string): number {
  return Number(path.basename(file, SUFFIX))
}

/** Paths of the segments in `folder`, oldest first. */
export async function listSegments(disk: Disk, folder: string): Promise<string[]> {
  const names = await disk.list(folder)
  return names.filter(name => name.endsWith(SUFFIX)).map(name => path.join(folder, name))
}

export function encodeHeader({ firstEntry, begun }: SegmentHeader): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeDoubleLE(firstEntry, 8)
  header.writeDoubleLE(begun, 16)
  header.writeUInt32LE(crc32c(header.subarray(0, 24)), 24)
  return header
}

/** The same frame, not yet sealed, with its payload compressed, off the main thread. */
export async function compressFrame(frame: Buffer): Promise<Buffer> {
  const payload = await compress(frame.subarray(FRAME_HEADER_BYTES), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 }
  })
  return Buffer.concat([Buffer.alloc(FRAME_HEADER_BYTES), payload])
}

/** Fills in the header of a frame, for which its first {@link FRAME_HEADER_BYTES} bytes were left free. */
export function sealFrame(frame: Buffer, firstEntry: number, count: number, isCompressed = false): void {
  frame.writeUInt32LE(frame.length - FRAME_HEADER_BYTES, 0)
  frame.writeDoubleLE(firstEntry, 8)
  frame.writeUInt32LE((isCompressed ? COMPRESSED : 0) + count, 16)
  frame.writeUInt32LE(frameChecksum(frame), 4)
}

/** Reads a segment frame by frame. */
export class SegmentScanner {
  readonly file: string
  readonly header: SegmentHeader
  #handle: DiskFile
  #position = HEADER_BYTES

  private constructor(file: string, header: SegmentHeader, handle: DiskFile) {
    this.file = file
    this.header = header
    this.#handle = handle
  }

  /** Undefined if not even the header is whole: a crash came while the segment was being begun. */
  static async open(disk: Disk, file: string): Promise<SegmentScanner | undefined> {
    const handle = await disk.open(file)
    let header: SegmentHeader | undefined
    try {
      const bytes = Buffer.alloc(HEADER_BYTES)
      header = (await handle.read(bytes, 0)) === HEADER_BYTES ? decodeHeader(bytes) : undefined
    } finally {
      if (header === undefined) await handle.close()
    }
    return header && new SegmentScanner(file, header, handle)
  }

  /** The beginning of the next frame, in bytes. */
  get position(): number {
    return this.#position
  }

  /** The next frame. Undefined at the end of the file, or if the next bytes are no whole frame. */
  async next(): Promise<Frame | undefined> {
    const bytes = await this.#frameAt(this.#position)
    if (bytes === undefined) return undefined
    const count = bytes.readUInt32LE(16)
    const stored = bytes.subarray(FRAME_HEADER_BYTES)
    const payload = count >= COMPRESSED ? await decompress(stored, { maxOutputLength: MAX_PAYLOAD_BYTES }) : stored
    this.#position += bytes.length
    return { firstEntry: bytes.readDoubleLE(8), count: count % COMPRESSED, payload }
  }

  /**
   * True if a whole frame of entries after `nextEntry` begins behind this position: then the file was damaged, not
   * torn.
   */
  async hasFrameBehind(size: number, nextEntry: number): Promise<boolean> {
    const rest = Buffer.alloc(Math.max(0, size - this.#position))
    await this.#handle.read(rest, this.#position)
    return holdsFrame(rest.subarray(1), nextEntry + 1)
  }

  /** Cuts off the bytes after the last whole frame, and syncs the frames up to it. */
  async cut(): Promise<void> {
    await this.#handle.truncate(this.#position)
    await this.#handle.sync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #frameAt(position: number): Promise<Buffer | undefined> {
    const head = Buffer.alloc(FRAME_HEADER_BYTES)
    if ((await this.#handle.read(head, position)) < FRAME_HEADER_BYTES) return undefined
    const length = head.readUInt32LE(0)
    if (length > MAX_PAYLOAD_BYTES) return undefined
    const bytes = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + length)
    return (await this.#handle.read(bytes, position)) === bytes.length && isWholeFrame(bytes) ? bytes : undefined
  }
}

/**
 * True if a whole frame of entries from `leastEntry` on is anywhere in `bytes`. Numbers are compared first: a checksum
 * for everything that might be a frame would take the square of the time.
 */
export function holdsFrame(bytes: Buffer, leastEntry: number): boolean {
  for (let at = 0; at + FRAME_HEADER_BYTES < bytes.length; at++) {
    const firstEntry = bytes.readDoubleLE(at + 8)
    if (!Number.isInteger(firstEntry) || firstEntry < leastEntry || firstEntry > leastEntry + bytes.length) continue
    const end = at + FRAME_HEADER_BYTES + bytes.readUInt32LE(at)
    if (end <= bytes.length && isWholeFrame(bytes.subarray(at, end))) return true
  }
  return false
}

/** The error for damage that no crash can do. */
export function damaged(file: string, offset: number, what: string): WeirError {
  return new WeirError(
    'STATE_INVALID',
    `journal segment ${file} is damaged at byte ${offset}: ${what}; bring it back from a copy, or see "weir journal --help"`
  )
}

function decodeHeader(bytes: Buffer): SegmentHeader | undefined {
  const isWhole =
    bytes.subarray(0, MAGIC.length).equals(MAGIC) && bytes.readUInt32LE(24) === crc32c(bytes.subarray(0, 24))
  return isWhole ? { firstEntry: bytes.readDoubleLE(8), begun: bytes.readDoubleLE(16) } : undefined
}

function isWholeFrame(frame: Buffer): boolean {
  return frame.length > FRAME_HEADER_BYTES && frame.readUInt32LE(4) === frameChecksum(frame)
}

function frameChecksum(frame: Buffer): number {
  return crc32c(frame.subarray(8), crc32c(frame.subarray(0, 4)))
}
