import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms, compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { BadInputError, describeError } from '../errors.ts'
import { gzipContentSize, zstdContentSize } from '../wire/content-size.ts'
import { MOST_SHARED } from '../wire/own-memory.ts'

/** A batch that becomes larger is no batch of metrics. */
const MOST_BYTES = 256 * 2 ** 20
/** A larger size is not trusted before there are so many bytes. */
const MOST_AT_ONCE = 16 * 2 ** 20
/** Room for frames without a size. */
const USUAL_BYTES = 256 * 1024

/**
 * The records of a batch. Node reads a frame in one step if there is room for all of it. Otherwise it collects pieces of
 * 16 KiB by way of a window, and joins them, which takes half as long again.
 *
 * @param codec the lowest three bits of a batch's attributes
 */
export function decompress(codec: number, bytes: Buffer): Buffer {
  const algorithm = compressionsAlgorithmsByBitmask[codec]
  if (algorithm === undefined) throw new BadInputError(`its compression ${codec} is not known`)
  try {
    if (algorithm === compressionsAlgorithms.zstd) return zstdDecompressSync(bytes, optionsFor(zstdContentSize(bytes)))
    if (algorithm === compressionsAlgorithms.gzip) return gunzipSync(bytes, optionsFor(gzipContentSize(bytes)))
    return algorithm.decompressSync(bytes)
  } catch (cause) {
    throw new BadInputError(`it cannot be decompressed: ${describeError(cause)}`, 'malformed', { cause })
  }
}

function optionsFor(size: number | undefined) {
  // One more byte than needed, for Node goes on while its buffer is full. Never memory that others share.
  const chunkSize = Math.max(Math.min(size ?? USUAL_BYTES, MOST_AT_ONCE), MOST_SHARED) + 1
  return { chunkSize, maxOutputLength: MOST_BYTES }
}
