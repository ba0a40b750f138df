import type { RequestHandler } from 'express'
import type { JsonSchema } from '../schema/json-schema.ts'
import { RequestError } from './request-error.ts'

/** Seconds for which a browser need not ask again. */
const MAX_AGE_S = 7200
const ANY = '*'

/** `navigator.sendBeacon`, and pages that avoid a preflight, send JSON so. Taken only where pages may send. */
export const BEACON_TYPE = 'text/plain'

/** The option `cors_allowed_origins` of a receiver. */
export const CORS_OPTION: JsonSchema = {
  type: 'array',
  items: {
    type: 'string',
    pattern: '^(\\*|https?://[^/\\s]+)$',
    'x-expected': 'https://shop.example.com, https://*.example.com or *'
  },
  uniqueItems: true,
  description: 'Origins of web pages that may send, such as https://shop.example.com; `*` is every origin.',
  default: []
}

/**
 * Lets pages of the allowed origins send, and refuses pages of other origins: browsers deliver some requests
 * without asking first. A client that is no browser names no origin, and is not concerned.
 * @param allowed origins such as `https://shop.example.com` or `https://*.example.com`, or `*`
 * @param needsCredentials true if requests are refused without a header `Authorization`
 */
export function cors(allowed: readonly string[], needsCredentials: boolean): RequestHandler {
  const patterns = allowed.map(toPattern)
  const isOpen = allowed.includes(ANY)
  const headers = `content-type, content-encoding${needsCredentials ? ', authorization' : ''}`
  return (request, response, next) => {
    const { origin } = request.headers
    response.vary('Origin')
    if (origin === undefined) return next()
    if (!isOpen && !patterns.some(pattern => pattern.test(origin)))
      throw new RequestError(403, `pages of ${origin} may not send here: add it to cors_allowed_origins`)
    response.set('access-control-allow-origin', isOpen ? ANY : origin)
    // sendBeacon sends cookies, which nobody here reads; without this header the browser would not send at all.
    if (!isOpen) response.set('access-control-allow-credentials', 'true')
    response.set('access-control-expose-headers', 'retry-after')
    if (request.method !== 'OPTIONS') return next()
    response.set({
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': headers,
      'access-control-max-age': String(MAX_AGE_S)
    })
    response.status(204).end()
  }
}

function toPattern(origin: string): RegExp {
  const parts = origin.split(ANY).map(RegExp.escape)
  return new RegExp(`^${parts.join('[^/:]+')}$`, 'i')
}
