import { BadInputError, describeError } from '../errors.ts'
import { ByteReader } from '../journal/bytes.ts'
import { EntryDecoder, EntryEncoder } from '../journal/entry.ts'
import type { Block } from '../model/block.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'

// Version (1 byte), and then a segment of the journal (core/journal/entry.ts) with one entry: definitions of series, each
// once, and the items in packed columns. The entry's time, source and request are those of the reader, and empty here.
const VERSION = 1
const HEAD_BYTES = 1

/** All of a block in the journal's form, by itself. */
export function encodeWeirRecord(block: Block): Buffer {
  const encoder = new EntryEncoder(HEAD_BYTES)
  encoder.add({ kind: 'data', time: 0, source: '', request: undefined, block })
  const bytes = Buffer.from(encoder.take())
  bytes[0] = VERSION
  return bytes
}

/** Throws `BadInputError`. */
export function decodeWeirRecord(bytes: Buffer, series: SeriesTable): Block {
  if (bytes[0] !== VERSION)
    throw new BadInputError(
      `it begins with byte ${bytes[0]}, and a record of Weir with ${VERSION}: read it by its encoding`
    )
  try {
    const [entry] = new EntryDecoder(series).decode(new ByteReader(bytes.subarray(HEAD_BYTES)))
    if (entry?.kind === 'data') return entry.block
  } catch (cause) {
    throw new BadInputError(`it is damaged: ${describeError(cause)}`, 'malformed', { cause })
  }
  throw new BadInputError('it has no items')
}
