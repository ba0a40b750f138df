import type { Post } from '../sender.ts'

/** Bytes that a page may have on their way when it goes, by Fetch: 64 KiB, less some for headers. */
export const KEEPALIVE_BYTES = 60_000

/** A request that fits outlives the page. It brings no cookies. */
export const post: Post = async (url, headers, body, signal) => {
  const keepalive = body.length <= KEEPALIVE_BYTES
  const options = { method: 'POST', headers, body, signal, keepalive, credentials: 'omit', redirect: 'manual' } as const
  const response = await fetch(url, options)
  const retryAfter = response.headers.get('retry-after')
  return { status: response.status, retryAfter, body: await response.text() }
}
