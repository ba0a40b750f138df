import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { BodyLimits } from './body.ts'
import { tooLarge } from './body-budget.ts'
import { damaged, decompressor, encodingOf, type StreamEncoding } from './compression.ts'
import { RequestError } from './request-error.ts'
import { turns } from './turns.ts'

/**
 * Gives the body of a request to `take` piece by piece, decompressed, as it comes. Each piece waits for its turn to be
 * decoded. Throws {@link RequestError}: 413 over `maxBytes` before or after decompression, 415 unknown encoding, 400 cut
 * off or damaged. What `take` throws ends it too.
 */
export async function readPieces(
  request: IncomingMessage,
  { maxBytes, option }: Pick<BodyLimits, 'maxBytes' | 'option'>,
  take: (piece: Buffer) => void
): Promise<void> {
  const encoding = encodingOf('content-encoding', request.headers['content-encoding']) as StreamEncoding | 'identity'
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes, option)
  const body = encoding === 'identity' ? request : decompressed(request, encoding, maxBytes, option)
  let bytes = 0
  try {
    // The request is not destroyed by an error, for the answer has to get through.
    for await (const piece of body.iterator({ destroyOnReturn: false })) {
      bytes += piece.length
      if (bytes > maxBytes) throw tooLarge(maxBytes, option)
      await turns.take()
      take(piece)
    }
  } catch (error) {
    request.unpipe()
    // The rest is discarded, once the iterator has let go of the stream: a client may read nothing before it has sent all.
    setImmediate(() => request.resume())
    if (request.errored !== null) throw cutOff(request.errored)
    // An error of the decompressor itself, not one that it was ended with.
    throw body !== request && body.errored === error && !(error instanceof RequestError)
      ? damaged(encoding, error as Error, 'content-encoding')
      : error
  }
}

function decompressed(request: IncomingMessage, encoding: StreamEncoding, maxBytes: number, option: string): Readable {
  const stream = decompressor(encoding)
  let sent = 0
  request.on('data', (chunk: Buffer) => {
    sent += chunk.length
    if (sent > maxBytes) stream.destroy(tooLarge(maxBytes, option))
  })
  request.on('error', error => stream.destroy(cutOff(error)))
  return request.pipe(stream)
}

const cutOff = (cause: Error) => new RequestError(400, 'the connection ended before the body did', {}, { cause })
