import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms, compressionsAlgorithmsByBitmask } from '@platformatic/kafka'
import { BadInputError, describeError } from '../errors.ts'

/** A batch that becomes larger is no batch of metrics. */
const MOST_BYTES = 256 * 2 ** 20
/** A larger size is not trusted before there are so many bytes. */
const MOST_AT_ONCE = 16 * 2 ** 20
/** Room for frames without a size. */
const USUAL_BYTES = 256 * 1024
/** Node gives small buffers parts of memory that they share. Its size is a little more than this says. */
const MOST_SHARED = 2 * Buffer.poolSize
const ZSTD_MAGIC = 0xfd2fb528
/** By two bits of the descriptor. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4]

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
    if (algorithm === compressionsAlgorithms.zstd) return zstdDecompressSync(bytes, optionsFor(zstdSize(bytes)))
    if (algorithm === compressionsAlgorithms.gzip) return gunzipSync(bytes, optionsFor(gzipSize(bytes)))
    return algorithm.decompressSync(bytes)
  } catch (cause) {
    throw new BadInputError(`it cannot be decompressed: ${describeError(cause)}`, 'malformed', { cause })
  }
}

/**
 * Gives the memory of such bytes back at once. The garbage collector would let 64 MiB of it gather, and mark the whole heap
 * then. All views of it are empty from now on.
 */
export function release({ buffer }: Buffer): void {
  if (buffer.byteLength > MOST_SHARED) (buffer as ArrayBuffer).transfer(0)
}

function optionsFor(size: number | undefined) {
  // One more byte than needed, for Node goes on while its buffer is full. Never memory that others share.
  const chunkSize = Math.max(Math.min(size ?? USUAL_BYTES, MOST_AT_ONCE), MOST_SHARED) + 1
  return { chunkSize, maxOutputLength: MOST_BYTES }
}

/** Size of the first frame's content, if it has one: https://www.rfc-editor.org/rfc/rfc8878#name-frame-header */
function zstdSize(bytes: Buffer): number | undefined {
  if (bytes.length < 18 || bytes.readUInt32LE(0) !== ZSTD_MAGIC) return undefined
  const descriptor = bytes[4]
  const isSingle = (descriptor & 0x20) !== 0
  const at = 5 + (isSingle ? 0 : 1) + DICTIONARY_ID_BYTES[descriptor & 3]
  const form = descriptor >> 6
  if (form === 0) return isSingle ? bytes[at] : undefined
  if (form === 1) return bytes.readUInt16LE(at) + 256
  return form === 2 ? bytes.readUInt32LE(at) : Number(bytes.readBigUInt64LE(at))
}

/** Its last four bytes, of all but the highest bits. */
const gzipSize = (bytes: Buffer) => (bytes.length < 18 ? undefined : bytes.readUInt32LE(bytes.length - 4))
