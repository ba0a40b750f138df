import { zstdDecompressSync } from 'node:zlib'
import { uncompressSync } from 'snappy'

/** The body of a write request, by the decoders of others. @param encoding its `content-encoding` */
export function uncompress(body: Uint8Array, encoding: string | undefined): Buffer {
  if (encoding === 'zstd') return zstdDecompressSync(body)
  if (encoding === 'snappy') return uncompressSync(body) as Buffer
  throw new Error(`no write request is sent as ${encoding}`)
}
