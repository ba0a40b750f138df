import type { IncomingMessage } from 'node:http'
import { nodeHttp, nodeHttps } from './node-modules.ts'

/**
 * The answer to one POST. Connections are kept alive and shared by the process; `fetch` takes four times as much CPU for
 * it. A redirect is an answer like others: followed, it would turn the POST into a GET and look like success.
 * @param body must not change until the answer is there
 */
export function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  signal: AbortSignal
): Promise<IncomingMessage> {
  const { request } = url.protocol === 'https:' ? nodeHttps() : nodeHttp()
  const options = { method: 'POST', headers: { ...headers, 'content-length': body.length }, signal }
  return new Promise((resolve, reject) => request(url, options, resolve).on('error', reject).end(body))
}
