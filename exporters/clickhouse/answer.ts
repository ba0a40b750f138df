import type { Readable } from 'node:stream'

/** Most bytes of an error's text, or of the answer to a statement that has no result. */
const ANSWER_BYTES = 64 * 1024

/**
 * The beginning of an answer, up to `maxBytes`. The rest is not read. Ends at once when `signal` fires: a server that
 * sends its answer byte by byte must not hold up a stop.
 */
export async function beginningOf(stream: Readable, signal?: AbortSignal, maxBytes = ANSWER_BYTES): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of abortable(stream, signal)) {
    chunks.push(chunk)
    bytes += chunk.length
    // Leaving the loop destroys the stream, and with it the connection.
    if (bytes >= maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString()
}

/** The whole answer. Rejects if it is longer than `maxBytes`, or once `signal` fires. */
export async function wholeOf(stream: Readable, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of abortable(stream, signal)) {
    bytes += chunk.length
    if (bytes > maxBytes)
      throw new Error(`the answer is longer than ${maxBytes} bytes: ask for less, by LIMIT or narrower conditions`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function* abortable(stream: Readable, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const abort = () => stream.destroy(signal!.reason as Error)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer)
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
