import { type JsonMemory, readJson } from '../../core/wire/json.ts'
import { BadInputError } from '../../sdk/plugin/index.ts'
import type { Collector } from './collector.ts'

const NEWLINE = 10
/** Memory of a piece beside its bytes: a sender may send one byte at a time. */
const BYTES_PER_PIECE = 128

/** Reads one event from each line of a body that comes in pieces. Of the body it holds no more than one line. */
export class LineReader {
  readonly #collector: Collector
  readonly #memory: JsonMemory | undefined
  #line = 1
  /** The beginning of a line. */
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(collector: Collector, memory?: JsonMemory) {
    this.#collector = collector
    this.#memory = memory
  }

  /** Memory of the line whose end has not come. */
  get heldBytes(): number {
    return this.#restBytes + this.#rest.length * BYTES_PER_PIECE
  }

  push(piece: Buffer): void {
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      this.#hold(piece.subarray(start, end))
      this.end()
      start = end + 1
    }
    this.#hold(piece.subarray(start))
  }

  /** The line ends, and maybe the body. */
  end(): void {
    const bytes = this.#rest.length === 1 ? this.#rest[0] : Buffer.concat(this.#rest)
    this.#rest = []
    this.#restBytes = 0
    const json = bytes.toString().trim()
    if (json !== '') this.#read(json)
    this.#line++
  }

  #hold(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#rest.push(bytes)
    this.#restBytes += bytes.length
  }

  #read(json: string): void {
    const line = this.#line
    try {
      readJson(json, event => this.#collector.add('line', line, event), this.#memory)
    } catch (error) {
      if (!BadInputError.is(error) || error.reason === 'too_large') throw error
      this.#collector.addMalformed(line, error.message)
    }
  }
}
