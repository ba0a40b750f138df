import path from 'node:path'
import { crc32c } from '@node-rs/crc32'
import { WeirError } from '../errors.ts'
import { type Block, blockBytes } from '../model/block.ts'
import type { SeriesRegistry } from '../model/series.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { type Disk, replaceFile } from './disk.ts'
import { EntryDecoder, EntryEncoder } from './entry.ts'

// A file each: magic (8), CRC-32C of the rest (uint32), what is said about it as JSON (sized), the block as an entry.
const MAGIC = Buffer.from('WEIRD001')
const HEADER_BYTES = MAGIC.length + 4
const NAME_DIGITS = 12
const NAME = /^(\d{12})(?:-(\w+))?\.letter$/

/** What could not be delivered for good, and why. */
export interface DeadLetter {
  /** Whom it is for: `exporter`, or where a processor failed the `receiver` it came in by. */
  readonly kind: 'exporter' | 'receiver'
  readonly id: string
  /** As in the ledger. */
  readonly reason: string
  readonly error: string
  /** Unix ms. */
  readonly time: number
  /** See `Origin`. */
  readonly request?: string | undefined
  readonly block: Block
  /** A second letter of one key is not kept: it is the first, processed again after a crash. */
  readonly key?: string
}

interface About {
  readonly kind: DeadLetter['kind']
  readonly reason: string
  readonly error: string
}

/** A folder of letters, each safe on disk once {@link put} has resolved, until it is removed. */
export class DeadLetters {
  #disk: Disk
  readonly folder: string
  #maxBytes: number
  /** Bytes by number. */
  #sizes = new Map<number, number>()
  #files = new Map<number, string>()
  #keys = new Set<string>()
  #next = 0

  private constructor(disk: Disk, folder: string, maxBytes: number) {
    this.#disk = disk
    this.folder = folder
    this.#maxBytes = maxBytes
  }

  /** Of a folder that is there. */
  static async open(disk: Disk, folder: string, maxBytes = Number.POSITIVE_INFINITY): Promise<DeadLetters> {
    const letters = new DeadLetters(disk, folder, maxBytes)
    for (const name of await disk.list(folder)) {
      const [, number, key] = NAME.exec(name) ?? []
      if (number !== undefined) letters.#enter(Number(number), name, await disk.size(path.join(folder, name)), key)
    }
    return letters
  }

  /** Oldest first. */
  get numbers(): number[] {
    return [...this.#sizes.keys()].sort((a, b) => a - b)
  }

  get bytes(): number {
    let bytes = 0
    for (const size of this.#sizes.values()) bytes += size
    return bytes
  }

  /** Throws where the folder is full, or with what the disk says; nothing is kept then. */
  async put(letter: DeadLetter): Promise<void> {
    const { key } = letter
    if (key !== undefined && this.#keys.has(key)) return
    if (this.bytes + blockBytes(letter.block) > this.#maxBytes)
      throw new WeirError(
        'QUEUE_FULL',
        `the dead letters in ${this.folder} are full: see "weir dlq list ${this.folder}", and send or remove some`
      )
    const number = this.#next++
    const name = `${String(number).padStart(NAME_DIGITS, '0')}${key === undefined ? '' : `-${key}`}.letter`
    const bytes = encode(letter)
    await replaceFile(this.#disk, path.join(this.folder, name), [bytes])
    this.#enter(number, name, bytes.length, key)
  }

  /** Throws `STATE_INVALID` where it is damaged. */
  async read(number: number, series: SeriesRegistry): Promise<DeadLetter> {
    const file = path.join(this.folder, this.#files.get(number)!)
    const bytes = await this.#disk.read(file)
    const body = bytes.subarray(HEADER_BYTES)
    const isWhole = bytes.length > HEADER_BYTES && bytes.subarray(0, MAGIC.length).equals(MAGIC)
    if (isWhole && bytes.readUInt32LE(MAGIC.length) === crc32c(body)) return decode(body, series)
    throw new WeirError('STATE_INVALID', `dead letter ${file} is damaged; bring it back from a copy, or delete it`)
  }

  async remove(number: number): Promise<void> {
    const name = this.#files.get(number)
    if (name === undefined) return
    await this.#disk.remove(path.join(this.folder, name))
    await this.#disk.syncFolder(this.folder)
    this.#files.delete(number)
    this.#sizes.delete(number)
    const key = NAME.exec(name)![2]
    if (key !== undefined) this.#keys.delete(key)
  }

  #enter(number: number, name: string, size: number, key: string | undefined): void {
    this.#files.set(number, name)
    this.#sizes.set(number, size)
    this.#next = Math.max(this.#next, number + 1)
    if (key !== undefined) this.#keys.add(key)
  }
}

function encode({ kind, id, reason, error, time, request, block }: DeadLetter): Buffer {
  const about: About = { kind, reason, error }
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

function decode(body: Buffer, series: SeriesRegistry): DeadLetter {
  const input = new ByteReader(body)
  const about: About = JSON.parse(input.text())
  const [entry] = new EntryDecoder(series).decode(input)
  if (entry?.kind !== 'data') throw new RangeError('a dead letter without a block')
  const { source, time, request, block } = entry
  return { ...about, id: source, time, request, block }
}
