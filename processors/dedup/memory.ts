import type { Config } from './config.ts'
import { CuckooFilter, cuckooBytes } from './cuckoo-filter.ts'
import { bytesPerEntry, FingerprintTable } from './fingerprint-table.ts'

/** The window is kept in this many slices; each expires as a whole. */
const SLICES = 8
/** Slices by time, the one running included, and those that ended early because they were full. */
const MOST_BUCKETS = 2 * SLICES + 1
/** Words beside an exact fingerprint: when it came, and two for the value of a sample. */
const VALUE_WORDS = 3

/** The entries of a slice, or of a part of one. */
interface Bucket {
  /** Rises by one with each bucket. */
  readonly serial: number
  readonly slice: number
  readonly table: FingerprintTable | undefined
  readonly filter: CuckooFilter | undefined
}

type SavedBucket = Pick<Bucket, 'serial' | 'slice'> & { readonly contents: unknown }
export interface SavedMemory {
  readonly kind: string
  readonly sliceMs: number
  readonly nextSerial: number
  readonly buckets: readonly SavedBucket[]
}

/**
 * Fingerprints seen within the window, in buckets of an eighth of it. An entry lives at least as long as the window and
 * at most an eighth longer, then its bucket goes as a whole; when there are too many the oldest bucket goes early.
 */
export class Memory {
  /** The entry that {@link recall} found: Unix ms it came at (probabilistic: no later than), and its value. */
  since = 0
  value0 = 0
  value1 = 0
  /** Entries evicted before their time. */
  evicted = 0
  size = 0
  #sliceMs: number
  #maxEntries: number
  #maxPerBucket: number
  #valueWords: number
  /** Bits of a probabilistic fingerprint; undefined if memory is exact. */
  #bits: 16 | 32 | undefined
  #nextSerial = 1
  /** Oldest first; never empty once something was remembered. */
  #buckets: Bucket[] = []

  constructor(config: Config) {
    this.#sliceMs = config.window / SLICES
    this.#maxEntries = config.max_entries
    this.#maxPerBucket = Math.ceil(config.max_entries / SLICES)
    this.#bits = config.memory === 'exact' ? undefined : bitsFor(config.false_positive_rate)
    this.#valueWords = config.mode === 'sample' ? VALUE_WORDS : 1
  }

  get bytes(): number {
    let bytes = 0
    for (const { table, filter } of this.#buckets) bytes += (table ?? filter!).bytes
    return bytes
  }

  /** Expires entries that have left the window; call before each batch. */
  expire(now: number): void {
    const oldest = Math.floor(now / this.#sliceMs) - SLICES
    while (this.#buckets.length > 0 && this.#buckets[0].slice < oldest) this.size -= sizeOf(this.#buckets.shift()!)
  }

  /** True if `key` is remembered; its time and value are then in {@link since} and the values. */
  recall(key: Uint32Array): boolean {
    for (let i = this.#buckets.length - 1; i >= 0; i--) {
      const { table, filter, slice } = this.#buckets[i]
      if (table === undefined) {
        if (!filter!.has(key)) continue
        this.since = slice * this.#sliceMs
        return true
      }
      const slot = table.find(key)
      if (slot < 0) continue
      this.since = slice * this.#sliceMs + table.value(slot, 0)
      if (this.#valueWords > 1) {
        this.value0 = table.value(slot, 1)
        this.value1 = table.value(slot, 2)
      }
      return true
    }
    return false
  }

  /** Adds a key that is not remembered. Returns the bucket's serial number, for {@link remove}. */
  remember(key: Uint32Array, now: number, value0 = 0, value1 = 0): number {
    const { table, filter, slice, serial } = this.#bucketAt(now)
    this.size++
    if (table === undefined) filter!.add(key)
    else {
      const slot = table.insert(key)
      table.setValue(slot, 0, Math.max(0, now - slice * this.#sliceMs))
      if (this.#valueWords > 1) {
        table.setValue(slot, 1, value0)
        table.setValue(slot, 2, value1)
      }
    }
    return serial
  }

  /** Takes back a {@link remember}. If its bucket has expired, so has the entry. */
  remove(keys: Uint32Array, at: number, serial: number): void {
    const bucket = this.#buckets.find(bucket => bucket.serial === serial)
    if (bucket === undefined) return
    const before = sizeOf(bucket)
    bucket.filter?.remove(keys, at)
    const slot = bucket.table?.find(keys, at) ?? -1
    if (slot >= 0) bucket.table!.delete(slot)
    this.size += sizeOf(bucket) - before
  }

  save(): SavedMemory {
    const buckets = this.#buckets.map(({ serial, slice, table, filter }) => ({
      serial,
      slice,
      contents: (table ?? filter!).save()
    }))
    return { kind: this.#kind, sliceMs: this.#sliceMs, nextSerial: this.#nextSerial, buckets }
  }

  /** Throws if it was saved by another kind of memory. */
  restore({ kind, sliceMs, nextSerial, buckets }: SavedMemory): void {
    if (kind !== this.#kind) throw new Error(`it is memory of the kind "${kind}", configured is "${this.#kind}"`)
    this.#nextSerial = nextSerial
    for (const { serial, slice, contents } of buckets) {
      if (sliceMs !== this.#sliceMs) {
        this.#sortIn(contents as Uint32Array, slice * sliceMs)
        continue
      }
      const bucket = this.#newBucket(serial, slice)
      bucket.table?.restore(contents as Uint32Array)
      bucket.filter?.restore(contents)
      this.size += sizeOf(bucket)
      this.#buckets.push(bucket)
    }
  }

  /** Settings that saved bytes depend on. Exact entries know their time, so their window may change. */
  get #kind(): string {
    if (this.#bits === undefined) return `exact, ${this.#valueWords} words`
    return `probabilistic, ${this.#bits} bits, ${this.#maxPerBucket} in ${this.#sliceMs} ms`
  }

  /** Entries of a bucket that began at `start`, Unix ms, when slices were of another length. */
  #sortIn(packed: Uint32Array, start: number): void {
    const stride = 4 + this.#valueWords
    for (let at = 0; at < packed.length; at += stride) {
      const key = packed.subarray(at, at + stride)
      this.remember(key, start + key[4], key[5], key[6])
    }
  }

  #bucketAt(now: number): Bucket {
    const last = this.#buckets.at(-1)
    // A clock that goes back does not reopen a slice: buckets stay in order of time.
    const slice = Math.max(Math.floor(now / this.#sliceMs), last?.slice ?? Number.NEGATIVE_INFINITY)
    if (this.size >= this.#maxEntries) this.#evictOldest()
    const isOpen =
      last !== undefined && last === this.#buckets.at(-1) && last.slice === slice && sizeOf(last) < this.#maxPerBucket
    if (isOpen && !last.filter?.isCrowded) return last
    if (this.#buckets.length >= MOST_BUCKETS) this.#evictOldest()
    const bucket = this.#newBucket(this.#nextSerial++, slice)
    this.#buckets.push(bucket)
    return bucket
  }

  #evictOldest(): void {
    const entries = sizeOf(this.#buckets.shift()!)
    this.size -= entries
    this.evicted += entries
  }

  #newBucket(serial: number, slice: number): Bucket {
    const isExact = this.#bits === undefined
    return {
      serial,
      slice,
      table: isExact ? new FingerprintTable(this.#valueWords) : undefined,
      filter: isExact ? undefined : new CuckooFilter(this.#maxPerBucket, this.#bits!)
    }
  }
}

/** Most bytes that the memory of `config` takes. */
export function memoryBytes(config: Config): number {
  const perBucket = Math.ceil(config.max_entries / SLICES)
  if (config.memory === 'probabilistic')
    return MOST_BUCKETS * cuckooBytes(perBucket, bitsFor(config.false_positive_rate))
  const words = config.mode === 'sample' ? VALUE_WORDS : 1
  // One bucket may be doubling, and one more may have been full of entries that were taken back.
  return (SLICES + 2) * perBucket * bytesPerEntry(words) + MOST_BUCKETS * SMALLEST_TABLE
}

const SMALLEST_TABLE = new FingerprintTable(VALUE_WORDS).bytes

// A lookup asks every bucket, each wrong in 8·load/2^bits of cases (two buckets of four cells), and all loads together
// are at most 0.9 times the slices, since entries are at most max_entries.
function bitsFor(rate: number): 16 | 32 {
  return (8 * 0.9 * SLICES) / 2 ** 16 <= rate ? 16 : 32
}

const sizeOf = ({ table, filter }: Bucket) => (table ?? filter!).size
