const NS_PER_MS = 1e6
// 2^32 ns are 4294 ms and 967,296 ns: this keeps every step within 2^53, so that whole milliseconds come out whole.
const MS_PER_HIGH = 4294
const NS_PER_HIGH = 967_296

/** Unix nanoseconds, as the two halves of a uint64, in Unix milliseconds with a fraction. */
export function unixMs(low: number, high: number): number {
  return high * MS_PER_HIGH + (high * NS_PER_HIGH + low) / NS_PER_MS
}

/** Reads times, of which most are as the one before. */
export class TimeReader {
  #low = 0
  #high = 0
  readonly #ms = new Float64Array(1)

  /** Writes Unix nanoseconds as Unix milliseconds. */
  read(view: DataView, at: number, to: Float64Array, index: number): void {
    const low = view.getInt32(at, true)
    const high = view.getInt32(at + 4, true)
    if (low !== this.#low || high !== this.#high) {
      this.#low = low
      this.#high = high
      this.#ms[0] = unixMs(low >>> 0, high >>> 0)
    }
    to[index] = this.#ms[0]
  }
}
