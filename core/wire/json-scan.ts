import { randomBytes } from 'node:crypto'
import { BadInputError } from '../errors.ts'
import { count } from '../plural.ts'

/** OTLP nests a value of an attribute three levels deep, and 64 of those in each other. */
const MOST_DEEP = 256
/** The greatest double written out has 309 digits. */
const LONGEST_NUMBER = 1024

const QUOTE = 34
const COMMA = 44
const DOT = 46
const COLON = 58
const ESCAPE = 92
const OPEN_LIST = 91
const OPEN_OBJECT = 123
const NEWLINE = 10
const LAST_LATIN1 = 255

// Bytes of memory, as measured with Node 26 for results of JSON.parse.
const PER_LIST = 56
const PER_OBJECT = 72
const PER_ELEMENT = 16
const PER_TEXT = 32
/** A number that is no small integer: a fraction, or so many digits. */
const PER_LARGE_NUMBER = 16
const SMALL_DIGITS = 9
/** A key in an object whose keys so far were not seen in this order: V8 describes such an object anew. */
const PER_NEW_KEY = 152

const KNOWN_SHAPES = 4096
const HASH_FACTOR = 0x9e3779b1
const SEED = randomBytes(4).readInt32LE()

// State of the current scan. It is kept, because many texts are one short line.
/** By depth: a hash of the keys of the object at hand, in their order. */
const shapes = new Int32Array(MOST_DEEP + 1)
const knownShapes = new Int32Array(KNOWN_SHAPES)
/** Part of each hash, so that no scan knows the shapes of another one. */
let scans = 0

/**
 * The memory that `JSON.parse` takes for `text`, in bytes, without `text` itself: one pass, before anything is made of
 * it. Throws {@link BadInputError} for values nested too deeply, numbers too long, and a text that is blank or cut off. JSON
 * that is damaged otherwise is left to the parser, whose errors are dear: V8 keeps the text of each one until it marks
 * its whole heap.
 *
 * @param most bytes; a text that takes more is looked at only until that is clear
 */
export function jsonMemory(text: string, most = Number.POSITIVE_INFINITY): number {
  return new Scan(text).run(most)
}

class Scan {
  readonly #text: string
  #bytes = 0
  #depth = 0
  #hasWideText = false
  #charactersOfTexts = 0
  /** Length of the text before a colon; -1 without one, in damaged JSON. */
  #lastLength = -1
  #lastHash = 0
  readonly #seed: number

  constructor(text: string) {
    this.#text = text
    this.#seed = SEED ^ (scans = (scans + 1) | 0)
  }

  run(most: number): number {
    const text = this.#text
    let digits = 0
    for (let i = 0; i < text.length && this.#bytes <= most; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 48 && unit <= 57) {
        if (++digits === SMALL_DIGITS) this.#bytes += PER_LARGE_NUMBER
        else if (digits > LONGEST_NUMBER) throw tooLong(i)
        continue
      }
      digits = 0
      if (unit === QUOTE) i = this.#string(i + 1)
      else if (unit === COMMA) this.#bytes += PER_ELEMENT
      else if (unit === COLON) this.#key()
      else if (unit === OPEN_LIST) this.#open(PER_LIST, i)
      else if (unit === OPEN_OBJECT) this.#open(PER_OBJECT, i)
      else if (unit === OPEN_LIST + 2 || unit === OPEN_OBJECT + 2) this.#depth--
      else if (unit === DOT || unit === 69 || unit === 101) this.#bytes += PER_LARGE_NUMBER
    }
    if (this.#bytes <= most) this.#checkEnd()
    return this.#bytes + this.#charactersOfTexts * (this.#hasWideText ? 2 : 1)
  }

  #checkEnd(): void {
    if (this.#depth > 0) throw cutOff(this.#depth, this.#text.length)
    if (this.#bytes === 0 && this.#text.trimStart() === '') throw blank()
  }

  /** The end of a string, which is that of its line at the latest, for JSON has no line breaks in strings. */
  #string(start: number): number {
    const text = this.#text
    let hash = this.#seed
    let units = 0
    let end = start
    for (; end < text.length; end++) {
      let unit = text.charCodeAt(end)
      if (unit === QUOTE || unit === NEWLINE) break
      if (unit === ESCAPE) unit = text.charCodeAt(++end)
      units |= unit
      hash = Math.imul(hash ^ unit, HASH_FACTOR)
      hash ^= hash >>> 15
    }
    // An escape may stand for any character.
    if (units > LAST_LATIN1) this.#hasWideText = true
    this.#lastHash = hash
    this.#lastLength = end - start
    this.#bytes += PER_TEXT
    this.#charactersOfTexts += this.#lastLength
    return end
  }

  /** The string before was a key: of an object of a known shape it takes no memory but its place. */
  #key(): void {
    const length = this.#lastLength
    this.#lastLength = -1
    if (length < 0) return
    const depth = Math.max(0, this.#depth)
    const shape = Math.imul(shapes[depth] ^ this.#lastHash, HASH_FACTOR) | 1
    const place = (shape >>> 8) & (KNOWN_SHAPES - 1)
    shapes[depth] = shape
    if (knownShapes[place] !== shape) {
      knownShapes[place] = shape
      this.#bytes += PER_NEW_KEY
      return
    }
    this.#bytes -= PER_TEXT
    this.#charactersOfTexts -= length
  }

  #open(bytes: number, at: number): void {
    if (++this.#depth > MOST_DEEP) throw tooDeep(at)
    this.#bytes += bytes
    shapes[Math.max(0, this.#depth)] = this.#seed
  }
}

const tooDeep = (at: number) =>
  new BadInputError(
    `not JSON that is taken: values are nested deeper than ${MOST_DEEP} at character ${at}: send them flatter`
  )
const cutOff = (open: number, at: number) =>
  new BadInputError(
    `not JSON: it ends at character ${at} with ${count(open, 'list or object', 'lists and objects')} still open: send all of it`
  )
const blank = () => new BadInputError('not JSON: it is empty: send a value')
const tooLong = (at: number) =>
  new BadInputError(
    `not JSON that is taken: a number has more than ${LONGEST_NUMBER} digits at character ${at}: send a number`
  )
