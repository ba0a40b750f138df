import { withRoom } from '../../core/model/columns.ts'
import { KeyBatch } from '../../core/model/series-table/key-batch.ts'

const COLON = 58
const PIPE = 124
const NEWLINE = 10
const CARRIAGE_RETURN = 13
const CAPITAL_T = 84
const INITIAL_LINES = 1024
const INITIAL_BYTES = 2 ** 16
/** In place of the length of a name: no remembered line has it. */
const NO_NAME = -2

/** Offsets of a line in its datagram. */
export const START = 0
/** The first `:`, or the end. */
export const COLON_AT = 1
/** The first `|` behind the colon, or the end. */
export const PIPE_AT = 2
/** The first `|T` behind that, or -1. */
export const STAMP_AT = 3
export const END = 4
export const OFFSETS = 5

/**
 * Splits datagrams into lines, in one pass over the bytes. Keys of lines are gathered on the way: the name and all
 * sections behind the value but the time, side by side.
 */
export class LineScanner {
  length = 0
  /** {@link OFFSETS} numbers for each line. */
  offsets = new Int32Array(OFFSETS * INITIAL_LINES)
  /** The key of each line. One that is no usual line has a key that is not found. */
  readonly keys = new KeyBatch()
  #gathered = new Uint8Array(INITIAL_BYTES)
  #view = new DataView(this.#gathered.buffer)
  /** The end of the keys so far. */
  #end = 0

  scan(bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#gathered.length) {
      this.#gathered = new Uint8Array(end - start)
      this.#view = new DataView(this.#gathered.buffer)
    }
    this.length = this.#end = 0
    this.keys.begin(this.#view)
    for (let at = start; at < end; ) at = this.#line(bytes, at, end) + 1
  }

  /** Returns the end of the line that begins at `start`. */
  #line(bytes: Buffer, start: number, length: number): number {
    const gathered = this.#gathered
    let to = this.#end
    let i = start
    for (; i < length; i++) {
      const byte = bytes[i]
      if (byte === COLON || byte === NEWLINE) break
      gathered[to++] = byte
    }
    const colon = i
    while (i < length && bytes[i] !== PIPE && bytes[i] !== NEWLINE) i++
    const pipe = i
    if (i < length && bytes[i] === PIPE) i++
    let stamp = -1
    let stampEnd = -1
    for (; i < length; i++) {
      const byte = bytes[i]
      if (byte === NEWLINE) break
      if (byte === PIPE && stamp < 0 && i + 1 < length && bytes[i + 1] === CAPITAL_T) {
        stamp = i++
        while (i < length && bytes[i] !== PIPE && bytes[i] !== NEWLINE) i++
        stampEnd = i--
      } else gathered[to++] = byte
    }
    const hasReturn = i > start && bytes[i - 1] === CARRIAGE_RETURN
    const end = hasReturn ? i - 1 : i
    if (end === start) return i
    if (colon > start && pipe > colon + 1 && pipe < end) {
      if (hasReturn && stampEnd !== i) to--
      this.keys.add(colon - start, this.#end, to)
      this.#end = to
    } else this.keys.add(NO_NAME, 0, 0)
    this.#note(start, colon, pipe, stamp, end)
    return i
  }

  #note(start: number, colon: number, pipe: number, stamp: number, end: number): void {
    const at = OFFSETS * this.length++
    this.offsets = withRoom(this.offsets, at + END)
    this.offsets[at + START] = start
    this.offsets[at + COLON_AT] = colon
    this.offsets[at + PIPE_AT] = pipe
    this.offsets[at + STAMP_AT] = stamp
    this.offsets[at + END] = end
  }
}
