import { isIP } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { isLoopback, parseEndpoint } from '../http/endpoint.ts'

/**
 * Refuses requests of foreign web pages that are open in a browser on this machine. A page cannot send a request of its
 * own here, since its origin is checked. Nor can it reach this server by a name that suddenly means this machine: a
 * loopback endpoint answers only to names that always do. On any other endpoint operators choose the names.
 * @param endpoint address the server listens on
 */
export function guard(endpoint: string): RequestHandler {
  const { host } = parseEndpoint(endpoint)
  const isLocal = isLoopback(host)
  return (request, response, next) => {
    const name = hostName(request)
    if (isLocal && name !== host && isIP(name) === 0 && !isLoopback(name))
      return refuse(`this server is not called ${name}: ask for ${endpoint}`)
    if (isRequestOfPage(request) && isCrossSite(request))
      return refuse('requests from other web pages are not answered')
    next()

    function refuse(why: string): void {
      response.status(403).type('text/plain').send(`${why}\n`)
    }
  }
}

/** Name in the Host header, without port and brackets. */
function hostName({ headers }: Request): string {
  const [, v6, name] = /^(?:\[(.*)\]|([^:]*))(?::\d*)?$/.exec(headers.host ?? '') ?? []
  return (v6 ?? name ?? '').toLowerCase()
}

/** False for links, and for what costs nothing. Answers under `/api` may take work, or stay open. */
function isRequestOfPage({ method, path, headers }: Request): boolean {
  if (method !== 'GET' && method !== 'HEAD') return true
  return path.startsWith('/api/') && headers['sec-fetch-mode'] !== 'navigate'
}

function isCrossSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host
}
