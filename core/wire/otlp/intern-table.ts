import { hashKey, type KeyHash, lastWord, newSecrets, type Secrets } from '../../model/series-table/key-hash.ts'

// A record in the words of a generation; the key's bytes follow, the last word padded with zeros.
const HASH = 0
const PARENT = 1
const LENGTH = 2
const FOLLOWER = 3
const VALUE = 4
const HEADER = 5

const NONE = -1
const FIRST_WORDS = 1 << 12
const FIRST_SLOTS = 1 << 8
// Keys made to collide cost no more than keys never seen before: the search gives up.
const MAX_PROBES = 64

export interface InternLimits {
  /** Entries in each of the two generations. */
  readonly entries: number
  /** Memory of entries and values in each of the two generations. */
  readonly bytes: number
}

/** Memory of a record and its slot, as tables double: twice the part in use. */
const ENTRY_BYTES = 72

/** Memory of an entry but for its value. @param keyBytes of its key */
export const entryBytes = (keyBytes: number) => ENTRY_BYTES + 2 * keyBytes

/**
 * A bounded cache from (parent, bytes) to a value, for keys that come again and again in the same order. A hit compares
 * every byte: hashes only say where to look. First it looks at the key that followed the previous one last time. That
 * is right for senders that report in a fixed order, and needs no hash.
 *
 * Two generations bound it. Used keys live in the current one or are carried over from the previous one. A full current
 * generation becomes the previous one, and keys not used since are gone.
 */
export class InternTable<T> {
  readonly #limits: InternLimits
  readonly #weigh: (value: T) => number
  readonly #hash: KeyHash
  readonly #secrets: Secrets = newSecrets()
  #current: Generation<T>
  #previous: Generation<T>
  #missed = 0

  /** @param weigh memory of a value, in bytes */
  constructor(limits: InternLimits, weigh: (value: T) => number, hash: KeyHash = hashKey) {
    this.#limits = limits
    this.#weigh = weigh
    this.#hash = hash
    this.#current = new Generation(limits)
    this.#previous = new Generation(limits)
  }

  /** Entries held, some of them twice. */
  get size(): number {
    return this.#current.size + this.#previous.size
  }

  /** The value for the bytes of `view` from `start` to `end`. If there is none, {@link put} may follow. */
  find(parent: number, view: DataView, start: number, end: number): T | undefined {
    const expected = this.#current.follow(parent, view, start, end)
    if (expected !== undefined) return expected
    const hash = this.#hash(this.#secrets, parent, view, start, end)
    const known = this.#current.find(hash, parent, view, start, end)
    if (known !== undefined) return known
    this.#missed = hash
    const old = this.#previous.find(hash, parent, view, start, end)
    if (old !== undefined) this.put(parent, view, start, end, old)
    return old
  }

  /** Keeps `value` for the key that {@link find}, called just before, did not know. */
  put(parent: number, view: DataView, start: number, end: number, value: T): void {
    const bytes = entryBytes(end - start) + this.#weigh(value)
    if (bytes > this.#limits.bytes) return
    if (!this.#current.hasRoom(bytes)) {
      const emptied = this.#previous.clear()
      this.#previous = this.#current
      this.#current = emptied
    }
    this.#current.add(this.#missed, parent, view, start, end, value, bytes)
  }

  clear(): void {
    this.#current.clear()
    this.#previous.clear()
  }
}

/** An arena of records, found through a table of slots that hold a record's place plus one, 0 if free. */
class Generation<T> {
  size = 0
  readonly #limits: InternLimits
  #words = new Int32Array(FIRST_WORDS)
  #used = 0
  #bytes = 0
  #slots = new Int32Array(FIRST_SLOTS)
  #values: T[] = []
  #last = NONE

  constructor(limits: InternLimits) {
    this.#limits = limits
  }

  hasRoom(bytes: number): boolean {
    return this.size < this.#limits.entries && this.#bytes + bytes <= this.#limits.bytes
  }

  /** The value of the record that came after the last one found, if it has this key. */
  follow(parent: number, view: DataView, start: number, end: number): T | undefined {
    if (this.#last === NONE) return undefined
    const record = this.#words[this.#last + FOLLOWER]
    if (record === NONE || !this.#matches(record, parent, view, start, end)) return undefined
    this.#last = record
    return this.#values[this.#words[record + VALUE]]
  }

  find(hash: number, parent: number, view: DataView, start: number, end: number): T | undefined {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask, probe = 0; probe < MAX_PROBES; slot = (slot + 1) & mask, probe++) {
      const record = slots[slot] - 1
      if (record === NONE) return undefined
      if (this.#words[record + HASH] === hash && this.#matches(record, parent, view, start, end)) {
        this.#remember(record)
        return this.#values[this.#words[record + VALUE]]
      }
    }
    return undefined
  }

  add(hash: number, parent: number, view: DataView, start: number, end: number, value: T, bytes: number): void {
    const words = HEADER + ((end - start + 3) >>> 2)
    if (this.#used + words > this.#words.length) this.#growWords(words)
    if (this.size * 2 >= this.#slots.length) this.#growSlots()
    const record = this.#used
    if (!this.#place(hash, record)) return
    this.#used += words
    this.#bytes += bytes
    this.#words.set([hash, parent, end - start, NONE, this.size++], record)
    this.#values.push(value)
    let word = record + HEADER
    let i = start
    for (; i + 4 <= end; i += 4) this.#words[word++] = view.getInt32(i, true)
    if (i < end) this.#words[word] = lastWord(view, i, end)
    this.#remember(record)
  }

  clear(): this {
    this.#slots.fill(0)
    this.#values = []
    this.#last = NONE
    this.size = this.#used = this.#bytes = 0
    return this
  }

  #matches(record: number, parent: number, view: DataView, start: number, end: number): boolean {
    const words = this.#words
    if (words[record + PARENT] !== parent || words[record + LENGTH] !== end - start) return false
    let word = record + HEADER
    let i = start
    for (; i + 4 <= end; i += 4) if (words[word++] !== view.getInt32(i, true)) return false
    return i === end || words[word] === lastWord(view, i, end)
  }

  #remember(record: number): void {
    if (this.#last !== NONE) this.#words[this.#last + FOLLOWER] = record
    this.#last = record
  }

  #place(hash: number, record: number): boolean {
    const mask = this.#slots.length - 1
    for (let slot = hash & mask, probe = 0; probe < MAX_PROBES; slot = (slot + 1) & mask, probe++) {
      if (this.#slots[slot] !== 0) continue
      this.#slots[slot] = record + 1
      return true
    }
    return false
  }

  #growWords(more: number): void {
    const words = new Int32Array(Math.max(this.#words.length * 2, this.#used + more))
    words.set(this.#words.subarray(0, this.#used))
    this.#words = words
  }

  // A record that finds no place any more stays behind in the arena, unseen, until the generation goes.
  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let record = 0; record < this.#used; record += HEADER + ((this.#words[record + LENGTH] + 3) >>> 2))
      this.#place(this.#words[record + HASH], record)
  }
}
