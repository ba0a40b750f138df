import type { ProtobufWriter } from '../protobuf/writer.ts'

const NS_PER_MS = 1e6
const TWO_32 = 2n ** 32n

/** Writes times, of which most are as the one before. */
export class NanosWriter {
  readonly #writer: ProtobufWriter
  #ms = 0
  #high = 0
  #low = 0

  constructor(writer: ProtobufWriter) {
    this.#writer = writer
  }

  /** Unix milliseconds with a fraction, as Unix nanoseconds in a fixed64. Times before 1970 become 0. */
  write(field: number, ms: number): void {
    if (ms !== this.#ms) {
      const whole = Math.max(0, Math.floor(ms))
      // Apart, for the product of milliseconds and a million has more digits than a number.
      const ns = BigInt(whole) * 1_000_000n + BigInt(Math.round(Math.max(0, ms - whole) * NS_PER_MS))
      this.#ms = ms
      this.#high = Number(ns / TWO_32)
      this.#low = Number(ns % TWO_32)
    }
    this.#writer.fixed64(field, this.#high, this.#low)
  }
}
