/** Memory of a series with five tags and of the texts by which it is found. Where they are larger, fewer fit. */
const BYTES_PER_LINE = 2048
/** The meaning of a line, its series as an object, its gauge, and its places in tables, as measured with Node 26. */
const BYTES_PER_ENTRY = 640

/** Most bytes that a cache of so many series holds. */
export const lineCacheBytes = (maxSeries: number) => 2 * Math.ceil(maxSeries / 2) * BYTES_PER_LINE

/**
 * Remembers the meaning of lines by their names and by the text behind their values, in two generations: entries in use
 * move to the younger one, and the others are gone once that is full.
 */
export class LineCache<T> {
  readonly #entries: number
  readonly #bytes: number
  #young = new Map<string, Map<string, Entry<T>>>()
  #old = new Map<string, Map<string, Entry<T>>>()
  #youngEntries = 0
  #youngBytes = 0

  /** @param maxSeries in both generations */
  constructor(maxSeries: number) {
    this.#entries = Math.ceil(maxSeries / 2)
    this.#bytes = this.#entries * BYTES_PER_LINE
  }

  find(name: string, suffix: string): T | undefined {
    const young = this.#young.get(name)?.get(suffix)
    if (young !== undefined) return young.value
    const old = this.#old.get(name)?.get(suffix)
    if (old !== undefined) this.#add(name, suffix, old)
    return old?.value
  }

  put(name: string, suffix: string, value: T): void {
    this.#add(name, suffix, { value, bytes: BYTES_PER_ENTRY + name.length + suffix.length })
  }

  #add(name: string, suffix: string, entry: Entry<T>): void {
    this.#youngEntries++
    this.#youngBytes += entry.bytes
    if (this.#youngEntries > this.#entries || this.#youngBytes > this.#bytes) {
      this.#old = this.#young
      this.#young = new Map()
      this.#youngEntries = 1
      this.#youngBytes = entry.bytes
    }
    let ofName = this.#young.get(name)
    if (ofName === undefined) {
      ofName = new Map()
      this.#young.set(detached(name), ofName)
    }
    ofName.set(detached(suffix), entry)
  }
}

interface Entry<T> {
  readonly value: T
  readonly bytes: number
}

/** A copy, for a slice would keep its whole datagram alive. */
const detached = (latin1: string) => Buffer.from(latin1, 'latin1').toString('latin1')
