import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { deserialize, serialize } from 'node:v8'
import { WeirError } from '../../errors.ts'
import { crc32c } from '../../journal/crc32c.ts'
import { type Disk, replaceFile } from '../../journal/disk.ts'
import type { Range } from '../../model/ranges.ts'

// File: magic (8), CRC-32C of the rest (uint32), length of the index (uint32), the index as V8 serializes it, the
// snapshots in its order. Snapshots are written as they are: to copy a hundred megabytes would hold up everybody.
const MAGIC = Buffer.from('WEIRC002')
const CHECKSUM_AT = MAGIC.length
const INDEX_LENGTH_AT = CHECKSUM_AT + 4
const HEADER_BYTES = INDEX_LENGTH_AT + 4
const FILE_NAME = 'checkpoint'
/** Bytes added to the checksum in one go: a fraction of a millisecond. */
const CHECKSUM_BYTES = 2 ** 20

/** The position from which the journal is to be processed, and the state processors had there. */
export interface Checkpoint {
  /** Grows by 1 from checkpoint to checkpoint. Undefined in those of older versions. */
  readonly id?: number
  /** Entries before this are in `snapshots`, or with the backends. */
  readonly nextEntry: number
  /** The time processors had, Unix ms. */
  readonly time: number
  /** By the names of participants. */
  readonly snapshots: ReadonlyMap<string, Uint8Array>
  /** By exporter: the entries of its disk buffer that are still to be exported. Undefined if that is not known. */
  readonly queuePositions: ReadonlyMap<string, QueuePosition> | undefined
  /** The configuration that produced `snapshots`, and by which later entries are replayed. V8 can serialize it. */
  readonly plan?: unknown
}

/** Entries `next` up to, not including, `end`. */
export interface QueuePosition {
  readonly next: number
  readonly end: number
  /** Entries exported in part, or before earlier ones: their ranges that are not exported yet. */
  readonly left?: ReadonlyMap<number, readonly Range[]>
}

/** Its names are part of the format. */
interface Index extends Omit<Checkpoint, 'snapshots' | 'queuePositions'> {
  readonly lanes: Checkpoint['queuePositions']
  readonly snapshots: readonly (readonly [name: string, bytes: number])[]
}

export async function writeCheckpoint(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  await replaceFile(disk, path.join(folder, FILE_NAME), await encodeCheckpoint(checkpoint))
}

/** The parts of the file, in order. */
export async function encodeCheckpoint({
  snapshots,
  queuePositions,
  ...checkpoint
}: Checkpoint): Promise<Uint8Array[]> {
  const sizes = [...snapshots].map(([name, bytes]): [string, number] => [name, bytes.length])
  const index = serialize({ ...checkpoint, lanes: queuePositions, snapshots: sizes } satisfies Index)
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(index.length, INDEX_LENGTH_AT)
  let checksum = crc32c(index, crc32c(header.subarray(INDEX_LENGTH_AT)))
  for (const bytes of snapshots.values()) checksum = await checksumOf(bytes, checksum)
  header.writeUInt32LE(checksum, CHECKSUM_AT)
  return [header, index, ...snapshots.values()]
}

async function checksumOf(bytes: Uint8Array, before: number): Promise<number> {
  let checksum = before
  for (let at = 0; at < bytes.length; at += CHECKSUM_BYTES) {
    const { length } = bytes.subarray(at, at + CHECKSUM_BYTES)
    checksum = crc32c(Buffer.from(bytes.buffer, bytes.byteOffset + at, length), checksum)
    await setImmediate()
  }
  return checksum
}

/** Undefined if none was written yet. Throws `STATE_INVALID` if it is damaged, or of another version. */
export async function readCheckpoint(disk: Disk, folder: string): Promise<Checkpoint | undefined> {
  if (!(await disk.list(folder)).includes(FILE_NAME)) return undefined
  const file = path.join(folder, FILE_NAME)
  const checkpoint = decodeCheckpoint(await disk.read(file))
  if (checkpoint !== undefined) return checkpoint
  throw new WeirError(
    'STATE_INVALID',
    `checkpoint ${file} is damaged, or of another version of Weir; bring it back from a copy, or start with --discard-state`
  )
}

/** Undefined if `bytes` are damaged, or of another version. */
export function decodeCheckpoint(bytes: Buffer): Checkpoint | undefined {
  const isWhole =
    bytes.length > HEADER_BYTES &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.readUInt32LE(CHECKSUM_AT) === crc32c(bytes.subarray(INDEX_LENGTH_AT))
  if (!isWhole) return undefined
  let at = HEADER_BYTES + bytes.readUInt32LE(INDEX_LENGTH_AT)
  const { snapshots, lanes, ...checkpoint }: Index = deserialize(bytes.subarray(HEADER_BYTES, at))
  const states = new Map<string, Uint8Array>()
  for (const [name, length] of snapshots) {
    states.set(name, new Uint8Array(bytes.buffer, bytes.byteOffset + at, length))
    at += length
  }
  return { ...checkpoint, queuePositions: lanes, snapshots: states }
}
