import { BadInputError } from '../errors.ts'
import { snappy } from '../packages.ts'
import { count } from '../plural.ts'

// The length in front is a varint of 32 bits.
const MAX_PREFIX_BYTES = 5

/** Snappy's block format, the one of Prometheus remote write. */
export function compress(bytes: Uint8Array): Uint8Array {
  // Without a copy, new memory for the largest possible result is cleared first. That takes six times as long.
  return snappy().compressSync(bytes, { copyOutputData: true })
}

/**
 * Undoes {@link compress}. The length stands in front, so a result larger than `maxBytes` is refused before any of it
 * is made: {@link BadInputError} with reason `too_large`. Damaged input: `malformed`.
 */
export function decompress(bytes: Uint8Array, maxBytes: number): Buffer {
  const size = uncompressedSize(bytes)
  if (size > maxBytes)
    throw new BadInputError(`snappy: ${count(size, 'byte')} uncompressed, at most ${maxBytes} are taken`, 'too_large')
  try {
    return snappy().uncompressSync(bytes, { asBuffer: true }) as Buffer
  } catch (cause) {
    throw new BadInputError(`snappy: ${count(bytes.length, 'byte')} that are not a snappy block`, 'malformed', {
      cause
    })
  }
}

/** The size that stands in front of a block. Throws {@link BadInputError} `malformed`. */
export function uncompressedSize(bytes: Uint8Array): number {
  let size = 0
  for (let i = 0; i < MAX_PREFIX_BYTES && i < bytes.length; i++) {
    size += (bytes[i] & 0x7f) * 2 ** (7 * i)
    if (bytes[i] < 0x80) return size
  }
  throw new BadInputError('snappy: the length in front is cut off', 'malformed')
}
