import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { Request, RequestHandler } from 'express'

const BYTES = 24
const HEADER = 'x-weir-token'

/**
 * A secret of this process that its own page can read, and pages of others cannot. A browser must send it with each
 * request that may change something. Programs that are no browsers need none: nobody makes them send what they do not
 * want to.
 */
export class SessionToken {
  readonly value = randomBytes(BYTES).toString('base64url')

  readonly check: RequestHandler = (request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD' || !isFromBrowser(request)) return next()
    if (this.#isSent(request)) return next()
    response.status(403).type('text/plain').send(`send the token of GET /api/session as ${HEADER}\n`)
  }

  #isSent({ headers }: Request): boolean {
    const sent = Buffer.from(String(headers[HEADER] ?? ''))
    const own = Buffer.from(this.value)
    return sent.length === own.length && timingSafeEqual(sent, own)
  }
}

/** Browsers set these headers, and no script of a page can leave them out. */
const isFromBrowser = ({ headers }: Request) => headers['sec-fetch-site'] !== undefined || headers.origin !== undefined
