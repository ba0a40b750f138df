import { BadInputError, describeError } from '../errors.ts'
import { ByteReader } from '../journal/bytes.ts'
import { EntryDecoder } from '../journal/entry-decoder.ts'
import { EntryEncoder } from '../journal/entry-encoder.ts'
import type { Block } from '../model/block.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'

// Version (1 byte), and then a segment of the journal (core/journal/entry-layout.ts) with one entry: definitions of series,
// each once, and the items in packed columns. The entry's time, source and request are those of the reader, and empty here.
const VERSION = 1
const HEAD_BYTES = 1

/** Writes blocks in the journal's form, each by itself. */
export class WeirRecordEncoder {
  readonly #entries = new EntryEncoder(HEAD_BYTES)

  encode(block: Block): Buffer {
    this.#entries.beginSegment()
    this.#entries.add({ kind: 'data', time: 0, source: '', request: undefined, block })
    const bytes = Buffer.from(this.#entries.take())
    bytes[0] = VERSION
    return bytes
  }
}

export class WeirRecordDecoder {
  readonly #entries: EntryDecoder

  constructor(series: SeriesTable) {
    this.#entries = new EntryDecoder(series)
  }

  /** Throws `BadInputError`. */
  decode(bytes: Buffer): Block {
    if (bytes[0] !== VERSION)
      throw new BadInputError(
        `it begins with byte ${bytes[0]}, and a record of Weir with ${VERSION}: read it by its encoding`
      )
    this.#entries.beginSegment()
    try {
      const [entry] = this.#entries.decode(new ByteReader(bytes.subarray(HEAD_BYTES)))
      if (entry?.kind === 'data') return entry.block
    } catch (cause) {
      throw new BadInputError(`it is damaged: ${describeError(cause)}`, 'malformed', { cause })
    }
    throw new BadInputError('it has no items')
  }
}
