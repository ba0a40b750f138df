/** Slots are in tables by the highest byte of the hash. Each grows by itself, in about a millisecond. */
const SHARDS = 256
const SHARD_SHIFT = 24
const FIRST_SLOTS = 16
/** A table that is half full, and has a secret hash, never needs as many. */
const MOST_PROBES = 128
const EMPTY = 0
/** The table of shards that have no record yet. Many series tables stay small, so they make few arrays. */
const NO_SLOTS = new Int32Array(2)

/** Finds records by the hash of their keys: open addressing, in pairs of a hash and a record. */
export class KeySlots {
  readonly shards: Int32Array[] = new Array(SHARDS).fill(NO_SLOTS)
  readonly #used = new Int32Array(SHARDS)

  /** Memory, in bytes. */
  get bytes(): number {
    return this.shards.reduce((sum, slots) => sum + slots.byteLength, 0)
  }

  shardOf(hash: number): Int32Array {
    return this.shards[hash >>> SHARD_SHIFT]
  }

  /** False if too many keys collide with this one: it gets no slot. */
  add(hash: number, record: number): boolean {
    const shard = hash >>> SHARD_SHIFT
    const before = this.shards[shard]
    if (before === NO_SLOTS || this.#used[shard] * 4 >= before.length) this.#grow(shard)
    const slots = this.shards[shard]
    const mask = slots.length - 1
    let at = (2 * hash) & mask
    for (let probes = 0; slots[at + 1] !== EMPTY; at = (at + 2) & mask) if (++probes >= MOST_PROBES) return false
    this.#used[shard]++
    slots[at] = hash
    slots[at + 1] = record
    return true
  }

  /** Empties the slot of a record, and moves up those behind it that belong further ahead. */
  remove(hash: number, record: number): void {
    const shard = hash >>> SHARD_SHIFT
    const slots = this.shards[shard]
    const mask = slots.length - 1
    let hole = (2 * hash) & mask
    while (slots[hole + 1] !== record) hole = (hole + 2) & mask
    for (let at = (hole + 2) & mask; slots[at + 1] !== EMPTY; at = (at + 2) & mask) {
      const distance = (at - ((2 * slots[at]) & mask)) & mask
      if (distance < ((at - hole) & mask)) continue
      slots[hole] = slots[at]
      slots[hole + 1] = slots[at + 1]
      hole = at
    }
    slots[hole] = 0
    slots[hole + 1] = EMPTY
    this.#used[shard]--
  }

  #grow(shard: number): void {
    const old = this.shards[shard]
    const slots = new Int32Array(Math.max(FIRST_SLOTS, old.length) * 2)
    const mask = slots.length - 1
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === EMPTY) continue
      let at = (2 * old[from]) & mask
      while (slots[at + 1] !== EMPTY) at = (at + 2) & mask
      slots[at] = old[from]
      slots[at + 1] = old[from + 1]
    }
    this.shards[shard] = slots
  }
}
