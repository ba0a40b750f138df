import type { Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { gzipContentSize, zstdContentSize } from '../wire/content-size.ts'
import { decompress as decompressSnappy, uncompressedSize } from '../wire/snappy.ts'
import type { BodyBudget } from './body-budget.ts'
import { RequestError } from './request-error.ts'

export type StreamEncoding = keyof typeof DECOMPRESSORS
export type Encoding = 'identity' | 'snappy' | StreamEncoding

// Each chunk is a trip to another thread and back: few bodies need more than one of this size.
const OUTPUT_CHUNK_BYTES = 256 * 1024
const MIN_CHUNK_BYTES = 1024
const USUAL_RATIO = 12

/** Content up to this size is decompressed by this thread: two trips to another one take as long. */
const MOST_AT_ONCE = 256 * 1024
const AT_ONCE = {
  gzip: { sizeOf: gzipContentSize, decompress: gunzipSync },
  zstd: { sizeOf: zstdContentSize, decompress: zstdDecompressSync }
}

const DECOMPRESSORS = { gzip: createGunzip, deflate: createInflate, zstd: createZstdDecompress }
/** The encodings of most receivers. */
const USUAL: readonly Encoding[] = ['identity', 'gzip', 'deflate', 'zstd']
/** Those beside identity, as headers list them. */
export const ACCEPTED_ENCODINGS = listOf(USUAL)

/**
 * The encoding that `value` of the header `header` means; one that is not taken is a 415.
 * @param taken the first is that of a body without a header
 */
export function encodingOf(header: string, value: string | undefined, taken = USUAL): Encoding {
  const name = value?.trim().toLowerCase() || taken[0]
  const known = taken.find(encoding => encoding === (name === 'x-gzip' ? 'gzip' : name))
  if (known !== undefined) return known
  const accepted = listOf(taken)
  const message = `${header} ${value} is not understood: send ${accepted} or none`
  throw new RequestError(415, message, { 'accept-encoding': accepted })
}

function listOf(encodings: readonly Encoding[]): string {
  return encodings.filter(encoding => encoding !== 'identity').join(', ')
}

/**
 * Throws {@link RequestError}: 400 for a body that does not decompress, and the objection of `budget` to its size.
 *
 * @param header names the encoding
 */
export async function decompress(
  encoding: Exclude<Encoding, 'identity'>,
  body: Buffer,
  budget: BodyBudget,
  header: string
): Promise<Buffer> {
  budget.restart()
  if (encoding === 'snappy') return decompressBlock(body, budget)
  const small = encoding === 'deflate' ? undefined : decompressSmall(encoding, body, header)
  if (small === undefined) return decompressStream(encoding, body, budget, header)
  const wrong = budget.spend(small.length)
  if (wrong !== undefined) throw wrong
  return small
}

/** Undefined if the content is too large for this, or does not tell its size. */
function decompressSmall(encoding: keyof typeof AT_ONCE, body: Buffer, header: string): Buffer | undefined {
  const { sizeOf, decompress } = AT_ONCE[encoding]
  const size = sizeOf(body)
  if (size === undefined || size > MOST_AT_ONCE) return undefined
  try {
    // With one byte to spare, Node sees the end in one step.
    return decompress(body, { chunkSize: Math.max(MIN_CHUNK_BYTES, size + 1), maxOutputLength: MOST_AT_ONCE })
  } catch (cause) {
    // The size was that of a part, or a lie.
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw damaged(encoding, cause as Error, header)
  }
}

/** Snappy's block format has the size in front. */
function decompressBlock(body: Buffer, budget: BodyBudget): Buffer {
  const size = uncompressedSize(body)
  const wrong = budget.spend(size)
  if (wrong !== undefined) throw wrong
  return decompressSnappy(body, size)
}

function decompressStream(encoding: StreamEncoding, body: Buffer, budget: BodyBudget, header: string): Promise<Buffer> {
  const chunkSize = Math.min(OUTPUT_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, body.length * USUAL_RATIO))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const stream = decompressor(encoding, chunkSize)
    stream.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const wrong = budget.spend(chunk.length)
      if (wrong === undefined) return
      stream.destroy()
      reject(wrong)
    })
    stream.on('end', () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)))
    stream.on('error', cause => reject(damaged(encoding, cause, header)))
    stream.end(body)
  })
}

export function decompressor(encoding: StreamEncoding, chunkSize = OUTPUT_CHUNK_BYTES): Transform {
  return DECOMPRESSORS[encoding]({ chunkSize })
}

/** @param cause of a decompressor @param header names the encoding */
export function damaged(encoding: Encoding, cause: Error, header: string): RequestError {
  return new RequestError(400, `the body is not ${encoding} as ${header} says: ${cause.message}`, {}, { cause })
}
