import type { Refusal } from '../refusal.ts'

const NEWLINE = 10
const LENGTH_BYTES = 4
/** Bytes of a line or packet on a connection: as much as UDP takes. */
export const MAX_FRAME_BYTES = 65_535
const INITIAL_BYTES = 1024

/**
 * Takes the bytes of one connection apart. They are lines, or packets of lines, each behind its length in four bytes,
 * lowest first, as DogStatsD writes to Unix streams. The first four bytes tell: as a length, four letters are more than
 * {@link MAX_FRAME_BYTES}.
 */
export class Framing {
  readonly #take: (lines: Buffer) => void
  readonly #refuse: (reason: Refusal) => void
  #held = Buffer.alloc(INITIAL_BYTES)
  #length = 0
  #kind: 'unknown' | 'lines' | 'packets' = 'unknown'
  /** True while a line that is too long goes on. */
  #isSkipping = false

  /** @param take given whole lines; the last one may be without a newline */
  constructor(take: (lines: Buffer) => void, refuse: (reason: Refusal) => void) {
    this.#take = take
    this.#refuse = refuse
  }

  /** False if nothing that comes after can be understood. */
  push(chunk: Buffer): boolean {
    if (this.#kind === 'unknown') return this.#begin(chunk)
    if (this.#kind === 'packets') return this.#packets(chunk)
    this.#lines(chunk)
    return true
  }

  /** The connection ended. @param isWhole true if the sender ended it, having sent all */
  end(isWhole: boolean): void {
    if (this.#length === 0) return
    if (isWhole && this.#kind !== 'packets') this.#take(this.#release())
    else this.#refuse('cut_off')
    this.#length = 0
  }

  #begin(chunk: Buffer): boolean {
    this.#hold(chunk)
    if (this.#length < LENGTH_BYTES) return true
    this.#kind = this.#held.readUInt32LE(0) <= MAX_FRAME_BYTES ? 'packets' : 'lines'
    return this.push(this.#release())
  }

  #lines(chunk: Buffer): void {
    let start = 0
    if (this.#isSkipping) {
      const newline = chunk.indexOf(NEWLINE)
      if (newline < 0) return
      this.#isSkipping = false
      start = newline + 1
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > start) {
      const lines = chunk.subarray(start, end)
      if (this.#length === 0) this.#take(lines)
      else {
        this.#hold(lines)
        this.#take(this.#release())
      }
    }
    this.#hold(chunk.subarray(Math.max(start, end)))
    if (this.#length <= MAX_FRAME_BYTES) return
    this.#length = 0
    this.#isSkipping = true
    this.#refuse('too_long')
  }

  #packets(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length; ) {
      const size = this.#length < LENGTH_BYTES ? 0 : this.#held.readUInt32LE(0)
      const wanted = LENGTH_BYTES + size - this.#length
      this.#hold(chunk.subarray(at, at + wanted))
      at += wanted
      if (this.#length < LENGTH_BYTES) return true
      if (this.#held.readUInt32LE(0) > MAX_FRAME_BYTES) {
        this.#length = 0
        this.#refuse('too_long')
        return false
      }
      if (this.#length === LENGTH_BYTES + this.#held.readUInt32LE(0)) this.#endPacket()
    }
    return true
  }

  #endPacket(): void {
    const packet = this.#release().subarray(LENGTH_BYTES)
    if (packet.length > 0) this.#take(packet)
  }

  #hold(bytes: Buffer): void {
    const length = this.#length + bytes.length
    if (length > this.#held.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#held.length))
      this.#held.copy(larger, 0, 0, this.#length)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#length)
    this.#length = length
  }

  /** A copy of the bytes held, which are held no longer. */
  #release(): Buffer {
    const bytes = Buffer.from(this.#held.subarray(0, this.#length))
    this.#length = 0
    return bytes
  }
}
