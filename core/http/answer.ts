import type { IncomingMessage } from 'node:http'

const QUOTED_CHARACTERS = 300
// Most bytes of an answer that nobody reads to the end. Beyond that its connection is given up instead.
const MAX_ANSWER_BYTES = 64 * 1024

/** The first bytes of an answer. */
export async function beginningOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) break
    }
  } catch {
    // Cut off: the bytes so far are all there is.
  }
  return Buffer.concat(chunks)
}

/** The first characters of an answer, on one line, for an error. */
export function quoted(answer: Buffer): string {
  const text = new TextDecoder().decode(answer)
  return text.replace(/\s+/g, ' ').trim().slice(0, QUOTED_CHARACTERS) || '(no text)'
}

/** `Retry-After` in seconds or as an HTTP date, in ms from `now`. Undefined if absent or not understood. */
export function parseRetryAfter(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
