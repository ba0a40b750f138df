import path from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { crc32c } from '@node-rs/crc32'
import { WeirError } from '../errors.ts'
import { type Disk, replaceFile } from './disk.ts'

// File: magic (8), CRC-32C of the rest (uint32), the checkpoint as V8 serializes it.
const MAGIC = Buffer.from('WEIRC001')
const HEADER_BYTES = MAGIC.length + 4
const FILE_NAME = 'checkpoint'

/** From where on the journal is to be processed, and what processors knew there. */
export interface Checkpoint {
  /** Entries before this are in `snapshots`, or with the backends. */
  readonly nextEntry: number
  /** The time processors had, Unix ms. */
  readonly time: number
  /** By `pipeline/processor`. */
  readonly snapshots: ReadonlyMap<string, Uint8Array>
  /** By exporter: which entries of its backlog it has still to export. Undefined where that is not known. */
  readonly lanes: ReadonlyMap<string, LanePosition> | undefined
  /** By what configuration `snapshots` came about, and the entries behind are to be done over; V8 can serialize it. */
  readonly plan?: unknown
}

/** Entries `next` up to, not including, `end`. */
export interface LanePosition {
  readonly next: number
  readonly end: number
}

export async function writeCheckpoint(disk: Disk, folder: string, checkpoint: Checkpoint): Promise<void> {
  const body = serialize(checkpoint)
  const header = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(header)
  header.writeUInt32LE(crc32c(body), MAGIC.length)
  await replaceFile(disk, path.join(folder, FILE_NAME), Buffer.concat([header, body]))
}

/** Undefined where none was written yet. Throws `STATE_INVALID` where it is damaged. */
export async function readCheckpoint(disk: Disk, folder: string): Promise<Checkpoint | undefined> {
  if (!(await disk.list(folder)).includes(FILE_NAME)) return undefined
  const file = path.join(folder, FILE_NAME)
  const bytes = await disk.read(file)
  const body = bytes.subarray(HEADER_BYTES)
  const isWhole = bytes.length > HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC)
  if (isWhole && bytes.readUInt32LE(MAGIC.length) === crc32c(body)) return { lanes: new Map(), ...deserialize(body) }
  throw new WeirError(
    'STATE_INVALID',
    `checkpoint ${file} is damaged; bring it back from a copy, or start with --discard-state`
  )
}
