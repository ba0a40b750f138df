import http from 'node:http'
import https from 'node:https'
import type { Post } from './sender.ts'

/** Far more than anybody waits; the timer is there for its being there. */
const HOLD_MS = 2 ** 30

const agents = {
  'http:': new http.Agent({ keepAlive: true }),
  'https:': new https.Agent({ keepAlive: true })
}

/** By Node's own client and not by `fetch`, whose sockets keep the process alive. */
export const post: Post = (url, headers, body, signal) =>
  new Promise((resolve, reject) => {
    const { protocol } = new URL(url)
    const { request } = protocol === 'https:' ? https : http
    const options = { method: 'POST', headers: { ...headers, 'content-length': body.length }, signal }
    const outgoing = request(url, { ...options, agent: agents[protocol as keyof typeof agents] }, response => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece
      })
      // An answer that breaks off says nothing.
      response.on('close', () => {
        if (!response.complete) return reject(new Error('the answer broke off'))
        const { 'retry-after': retryAfter, location } = response.headers
        resolve({ status: response.statusCode!, retryAfter, location, body: text })
      })
      response.on('error', reject)
    })
    outgoing.on('socket', socket => socket.unref())
    outgoing.on('error', reject).end(body)
  })

/** Keeps the process alive until the function that it returns is called. */
export function hold(): () => void {
  const timer = setTimeout(() => {}, HOLD_MS)
  return () => clearTimeout(timer)
}
