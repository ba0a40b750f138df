import type { Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { BodyBudget } from './body-budget.ts'
import { RequestError } from './request-error.ts'

export type Encoding = 'identity' | keyof typeof DECOMPRESSORS

// Each chunk is a trip to another thread and back: few bodies need more than one of this size.
const OUTPUT_CHUNK_BYTES = 256 * 1024
const MIN_CHUNK_BYTES = 1024
const USUAL_RATIO = 12

const DECOMPRESSORS = { gzip: createGunzip, deflate: createInflate, zstd: createZstdDecompress }
const ACCEPTED = Object.keys(DECOMPRESSORS).join(', ')

/** The `content-encoding` header's encoding; one not known here is a 415. */
export function encodingOf(header: string | undefined): Encoding {
  const name = header?.trim().toLowerCase() || 'identity'
  if (name === 'identity' || Object.hasOwn(DECOMPRESSORS, name)) return name as Encoding
  if (name === 'x-gzip') return 'gzip'
  const message = `content-encoding ${header} is not understood: send ${ACCEPTED} or none`
  throw new RequestError(415, message, { 'accept-encoding': ACCEPTED })
}

/** Throws {@link RequestError}: 400 for a body that does not decompress, and the objection of `budget` to its size. */
export function decompress(encoding: Exclude<Encoding, 'identity'>, body: Buffer, budget: BodyBudget): Promise<Buffer> {
  budget.restart()
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
    stream.on('error', cause => reject(damaged(encoding, cause)))
    stream.end(body)
  })
}

export function decompressor(encoding: Exclude<Encoding, 'identity'>, chunkSize = OUTPUT_CHUNK_BYTES): Transform {
  return DECOMPRESSORS[encoding]({ chunkSize })
}

/** @param cause of a decompressor */
export function damaged(encoding: Encoding, cause: Error): RequestError {
  return new RequestError(400, `the body is not ${encoding} as content-encoding says: ${cause.message}`, {}, { cause })
}
