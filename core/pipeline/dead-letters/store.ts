import path from 'node:path'
import { WeirError } from '../../errors.ts'
import { ByteReader, ByteWriter } from '../../journal/bytes.ts'
import { crc32c } from '../../journal/crc32c.ts'
import { type Disk, replaceFile } from '../../journal/disk.ts'
import { EntryDecoder } from '../../journal/entry-decoder.ts'
import { EntryEncoder } from '../../journal/entry-encoder.ts'
import { type Block, blockBytes } from '../../model/block.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'

// One file for each dead letter: magic (8 bytes), CRC-32C of the rest (uint32), its description as JSON (sized), its
// block as a journal entry.
const MAGIC = Buffer.from('WEIRD001')
const HEADER_BYTES = MAGIC.length + 4
const NAME_DIGITS = 12
const NAME = /^(\d{12})(?:-(\w+))?\.letter$/

/** A block that could not be delivered for good, and the reason. */
export interface DeadLetter {
  /** Its addressee: an `exporter`, or, if a processor failed, the `receiver` it came in by. */
  readonly kind: 'exporter' | 'receiver'
  readonly id: string
  /** As in the ledger. */
  readonly reason: string
  readonly error: string
  /** Unix ms. */
  readonly time: number
  /** See `Origin`. */
  readonly request?: string | undefined
  /** The pipelines of the receiver in which it failed. Undefined: all of them. */
  readonly pipelines?: readonly string[] | undefined
  readonly block: Block
  /** A second dead letter of one key is not kept: it is the first, processed again after a crash. */
  readonly key?: string | undefined
}

/**
 * Idempotency key of a dead letter made of a journal entry. It has the entry's time, for numbers are given anew after a
 * journal was cut off. Without it the dead letter of one entry would be taken for that of another.
 *
 * @param partition that the entry is of, if it is not the journal's
 */
export function idempotencyKey(entry: number, time: number, partition?: string): string {
  const key = `entry${entry}_${Math.trunc(time)}`
  return partition === undefined ? key : `${partition.replaceAll(/[^\w.-]/g, '_')}_${key}`
}

type About = Pick<DeadLetter, 'kind' | 'reason' | 'error' | 'pipelines'>

interface Kept {
  readonly name: string
  readonly bytes: number
  readonly key: string | undefined
}

/** For `catch`: undefined if a running Weir has delivered and removed the dead letter since the folder was listed. */
export function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** A folder of dead letters, each safe on disk once {@link put} has resolved, until it is removed. */
export class DeadLetterStore {
  #disk: Disk
  readonly folder: string
  #maxBytes: number
  #kept = new Map<number, Kept>()
  #numberOf = new Map<string, number>()
  #delivered = new Set<number>()
  /** Files that failed writes may have left. They are no dead letters: no caller was told so. */
  #leftovers = new Set<string>()
  #next = 0

  private constructor(disk: Disk, folder: string, maxBytes: number) {
    this.#disk = disk
    this.folder = folder
    this.#maxBytes = maxBytes
  }

  /** Opens a folder that exists. */
  static async open(disk: Disk, folder: string, maxBytes = Number.POSITIVE_INFINITY): Promise<DeadLetterStore> {
    const deadLetters = new DeadLetterStore(disk, folder, maxBytes)
    for (const name of await disk.list(folder)) {
      const [, number, key] = NAME.exec(name) ?? []
      if (number === undefined) continue
      const bytes = await disk.size(path.join(folder, name)).catch(unlessGone)
      if (bytes !== undefined) deadLetters.#enter(Number(number), { name, bytes, key })
    }
    return deadLetters
  }

  /** Oldest first. */
  get numbers(): number[] {
    return [...this.#kept.keys()].sort((a, b) => a - b)
  }

  get bytes(): number {
    let sum = 0
    for (const { bytes } of this.#kept.values()) sum += bytes
    return sum
  }

  has(number: number): boolean {
    return this.#kept.has(number)
  }

  /** Undefined if there is none of this key. */
  numberOf(key: string): number | undefined {
    return this.#numberOf.get(key)
  }

  /** Its removal was asked for, and the disk has not done it yet: it must not be delivered again. */
  isDelivered(number: number): boolean {
    return this.#delivered.has(number)
  }

  /** Throws if the folder is full, or if the disk fails. Nothing is kept then. */
  async put(deadLetter: DeadLetter): Promise<void> {
    const { key } = deadLetter
    if (key !== undefined && this.#numberOf.has(key)) return
    if (!this.#hasRoomFor(deadLetter)) await this.#discardTakenAway()
    if (!this.#hasRoomFor(deadLetter))
      throw new WeirError(
        'QUEUE_FULL',
        `the dead letters in ${this.folder} are full: see "weir dlq list ${this.folder}"; have some delivered by "weir dlq replay", remove some, or raise service.dead_letters.max_size`
      )
    await this.#removeLeftovers()
    const number = this.#next++
    const name = `${String(number).padStart(NAME_DIGITS, '0')}${key === undefined ? '' : `-${key}`}.letter`
    const bytes = encode(deadLetter)
    try {
      await replaceFile(this.#disk, path.join(this.folder, name), [bytes])
    } catch (error) {
      // The file may be there, and a caller told of a failure writes another one.
      this.#leftovers.add(name)
      throw error
    }
    this.#enter(number, { name, bytes: bytes.length, key })
  }

  /** Throws `STATE_INVALID` if it is damaged. */
  async read(number: number, series: SeriesTable): Promise<DeadLetter> {
    const { name, key } = this.#kept.get(number)!
    const file = path.join(this.folder, name)
    const bytes = await this.#disk.read(file)
    const body = bytes.subarray(HEADER_BYTES)
    const isWhole = bytes.length > HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC)
    if (isWhole && bytes.readUInt32LE(MAGIC.length) === crc32c(body)) return { ...decode(body, series), key }
    throw new WeirError('STATE_INVALID', `dead letter ${file} is damaged; bring it back from a copy, or delete it`)
  }

  /** Writes `rest`, whose items are some of those of the dead letter, in its place. Rejects if the disk fails. */
  async replace(number: number, rest: DeadLetter): Promise<void> {
    const { name, key } = this.#kept.get(number)!
    const bytes = encode(rest)
    await replaceFile(this.#disk, path.join(this.folder, name), [bytes])
    this.#enter(number, { name, bytes: bytes.length, key })
  }

  /** Counts as delivered from the call on. Rejects if the disk fails, and may be called again then. */
  async remove(number: number): Promise<void> {
    const kept = this.#kept.get(number)
    if (kept === undefined) return
    this.#delivered.add(number)
    await this.#disk.remove(path.join(this.folder, kept.name))
    await this.#disk.syncFolder(this.folder)
    this.#discard(number)
  }

  #hasRoomFor({ block }: DeadLetter): boolean {
    return this.bytes + blockBytes(block) <= this.#maxBytes
  }

  /** Letters whose files somebody has deleted. */
  async #discardTakenAway(): Promise<void> {
    // One that is put meanwhile may not be in the list yet.
    const known = [...this.#kept]
    const there = new Set(await this.#disk.list(this.folder))
    for (const [number, { name }] of known) if (!there.has(name)) this.#discard(number)
  }

  async #removeLeftovers(): Promise<void> {
    if (this.#leftovers.size === 0) return
    const names = [...this.#leftovers]
    for (const name of names) await this.#disk.remove(path.join(this.folder, name))
    await this.#disk.syncFolder(this.folder)
    for (const name of names) this.#leftovers.delete(name)
  }

  #enter(number: number, kept: Kept): void {
    this.#kept.set(number, kept)
    this.#next = Math.max(this.#next, number + 1)
    if (kept.key !== undefined) this.#numberOf.set(kept.key, number)
  }

  #discard(number: number): void {
    const key = this.#kept.get(number)?.key
    this.#kept.delete(number)
    this.#delivered.delete(number)
    if (key !== undefined) this.#numberOf.delete(key)
  }
}

function encode({ kind, id, reason, error, pipelines, time, request, block }: DeadLetter): Buffer {
  const about: About = { kind, reason, error, pipelines }
  const entry = new EntryEncoder(0)
  entry.add({ kind: 'data', time, source: id, request, block })
  const out = new ByteWriter(HEADER_BYTES)
  out.text(JSON.stringify(about))
  out.raw(entry.take())
  const bytes = out.take(0)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(crc32c(bytes.subarray(HEADER_BYTES)), MAGIC.length)
  return bytes
}

function decode(body: Buffer, series: SeriesTable): DeadLetter {
  const input = new ByteReader(body)
  const about: About = JSON.parse(input.text())
  const [entry] = new EntryDecoder(series).decode(input)
  if (entry?.kind !== 'data') throw new RangeError('a dead letter without a block')
  const { source, time, request, block } = entry
  return { ...about, id: source, time, request, block }
}
