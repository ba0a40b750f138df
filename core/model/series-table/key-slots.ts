/** Slots are in tables by the highest byte of the hash. Each grows by itself, in about a millisecond. */
const SHARDS = 256
const SHARD_SHIFT = 24
const FIRST_SLOTS = 16
/** A table that is two thirds full, and has a secret hash, never needs as many. */
const MOST_PROBES = 256
const EMPTY = 0
/** The table of shards that have no record yet. Many series tables stay small, so they make few arrays. */
const NO_SLOTS = new Int32Array(2 * FIRST_SLOTS)
/** Bits of the hash that choose a slot of the two or three in a group. */
const CHOICE_BITS = 8
const CHOICE_MASK = 2 ** CHOICE_BITS - 1
/** The lowest of these bits, if all below the highest byte tell the group. */
const HIGHEST_CHOICE = SHARD_SHIFT - CHOICE_BITS

/**
 * The slot where a search for a hash begins. A table has 2 or 3 times a power of two of slots, so it grows by half or a
 * third. The lowest bits of the hash tell the group of slots, some others the slot.
 */
export function firstSlot(slots: Int32Array, hash: number): number {
  const bits = 29 - Math.clz32(slots.length)
  const size = slots.length >>> (bits + 1)
  const choice = (hash >>> Math.min(bits, HIGHEST_CHOICE)) & CHOICE_MASK
  return 2 * ((hash & ((1 << bits) - 1)) * size + ((choice * size) >>> CHOICE_BITS))
}

/** The slot where the search goes on. */
export function nextSlot(slots: Int32Array, at: number): number {
  return at + 2 === slots.length ? 0 : at + 2
}

/** Finds records by the hash of their keys: open addressing, in pairs of a hash and a record. */
export class KeySlots {
  readonly shards: Int32Array[] = new Array(SHARDS).fill(NO_SLOTS)
  readonly #used = new Int32Array(SHARDS)

  /** Memory, in bytes. */
  get bytes(): number {
    return this.shards.reduce((sum, slots) => (slots === NO_SLOTS ? sum : sum + slots.byteLength), 0)
  }

  shardOf(hash: number): Int32Array {
    return this.shards[hash >>> SHARD_SHIFT]
  }

  /** True if a key with this hash has a slot. It may be another key. */
  has(hash: number): boolean {
    const slots = this.shardOf(hash)
    let at = firstSlot(slots, hash)
    while (slots[at + 1] !== EMPTY && slots[at] !== hash) at = nextSlot(slots, at)
    return slots[at + 1] !== EMPTY
  }

  /** False if too many keys collide with this one: it gets no slot. */
  add(hash: number, record: number): boolean {
    const shard = hash >>> SHARD_SHIFT
    const before = this.shards[shard]
    if (before === NO_SLOTS || this.#used[shard] * 3 >= before.length) this.#grow(shard)
    const slots = this.shards[shard]
    let at = firstSlot(slots, hash)
    for (let probes = 0; slots[at + 1] !== EMPTY; at = nextSlot(slots, at)) if (++probes >= MOST_PROBES) return false
    this.#used[shard]++
    slots[at] = hash
    slots[at + 1] = record
    return true
  }

  /** Gives the slot of a record to another one with the same key. */
  replace(hash: number, record: number, other: number): void {
    const slots = this.shardOf(hash)
    slots[slotOf(slots, hash, record) + 1] = other
  }

  /** Empties the slot of a record, and moves up those behind it that belong further ahead. */
  remove(hash: number, record: number): void {
    const shard = hash >>> SHARD_SHIFT
    const slots = this.shards[shard]
    let hole = slotOf(slots, hash, record)
    for (let at = nextSlot(slots, hole); slots[at + 1] !== EMPTY; at = nextSlot(slots, at)) {
      const first = firstSlot(slots, slots[at])
      if (distance(slots, first, at) < distance(slots, hole, at)) continue
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
    const slots = new Int32Array(old === NO_SLOTS ? old.length : lengthAfter(old.length))
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === EMPTY) continue
      let at = firstSlot(slots, old[from])
      while (slots[at + 1] !== EMPTY) at = nextSlot(slots, at)
      slots[at] = old[from]
      slots[at + 1] = old[from + 1]
    }
    this.shards[shard] = slots
  }
}

function slotOf(slots: Int32Array, hash: number, record: number): number {
  let at = firstSlot(slots, hash)
  while (slots[at + 1] !== record) at = nextSlot(slots, at)
  return at
}

/** From a power of two to one and a half of it, and from there to the next power. */
function lengthAfter(length: number): number {
  const power = 2 ** (31 - Math.clz32(length))
  return length === power ? power * 1.5 : power * 2
}

const distance = (slots: Int32Array, from: number, to: number) => (to >= from ? to - from : to - from + slots.length)
