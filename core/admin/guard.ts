import { isIP, isIPv4 } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { parseEndpoint } from '../http/endpoint.ts'

/**
 * Keeps web pages of others out, which a browser on this machine may have open. A page cannot send a request of its own
 * to here (it says where it comes from), nor call this server its own by a name that suddenly means this machine: on a
 * loopback endpoint only names that always do are answered. On any other endpoint operators choose the names.
 *
 * @param endpoint where the server listens
 */
export function guard(endpoint: string): RequestHandler {
  const { host } = parseEndpoint(endpoint)
  const isLocal = isLoopback(host)
  return (request, response, next) => {
    const name = hostName(request)
    if (isLocal && name !== host && isIP(name) === 0 && !isLoopback(name))
      return refuse(`this server is not called ${name}: ask for ${endpoint}`)
    if (request.method !== 'GET' && request.method !== 'HEAD' && isCrossSite(request))
      return refuse('requests from other web pages are not answered')
    next()

    function refuse(why: string): void {
      response.status(403).type('text/plain').send(`${why}\n`)
    }
  }
}

function isLoopback(host: string): boolean {
  if (isIP(host) > 0) return host === '::1' || (isIPv4(host) && host.startsWith('127.'))
  return host === 'localhost' || host.endsWith('.localhost')
}

/** Of the Host header, without port and brackets. */
function hostName({ headers }: Request): string {
  const [, v6, name] = /^(?:\[(.*)\]|([^:]*))(?::\d*)?$/.exec(headers.host ?? '') ?? []
  return (v6 ?? name ?? '').toLowerCase()
}

function isCrossSite({ headers }: Request): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site !== 'same-origin' && site !== 'none'
  return headers.origin !== undefined && URL.parse(headers.origin)?.host !== headers.host
}
