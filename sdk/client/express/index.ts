import type { IncomingMessage, ServerResponse } from 'node:http'
import { observe, type Timer } from './duration.ts'

export type { Timer } from './duration.ts'

/** A router at a regular expression is known by what it matched, so there could be any number of them. */
const MAX_ROUTES = 1000

/** Express 4 and 5. The router assigns `params`, `baseUrl` and `route` as it goes. */
interface Routed extends IncomingMessage {
  baseUrl?: string
  params?: Readonly<Record<string, unknown>>
  route?: { readonly path: unknown }
}

/**
 * A middleware of Express that measures `http.server.request.duration`, in seconds, by method, route and status. Use it
 * before all others. Requests without a route have the route `_OTHER`, and those of more than 1,000 routes too.
 */
export function weirExpress(client: Timer) {
  const known = new Set<string>()
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const patternOf = watchRoute(request)
    observe(client, request, response, () => {
      const pattern = patternOf()
      if (pattern === undefined || (known.size >= MAX_ROUTES && !known.has(pattern))) return undefined
      known.add(pattern)
      return pattern
    })
    next()
  }
}

/** Returns a function that tells the pattern of the last route so far, with those of the routers it is in. */
function watchRoute(request: Routed): () => string | undefined {
  let { baseUrl, route } = request
  let pattern: string | undefined
  // A router at `/users/:id` is known by the path of the request alone, here with the pattern of that.
  const mounts = new Map([[baseUrl ?? '', baseUrl ?? '']])
  Object.defineProperties(request, {
    baseUrl: {
      ...SHOWN,
      get: () => baseUrl,
      set(value: string | undefined) {
        const [from, to] = [baseUrl ?? '', value ?? '']
        // The way back out of a router is shorter.
        if (to.length > from.length) mounts.set(to, mounts.get(from) + withNames(to.slice(from.length), request.params))
        baseUrl = value
      }
    },
    route: {
      ...SHOWN,
      get: () => route,
      set(value: Routed['route']) {
        route = value
        if (value !== undefined) pattern = joined(mounts.get(baseUrl ?? '')!, String(value.path))
      }
    }
  })
  return () => pattern
}

const SHOWN = { enumerable: true, configurable: true }

/** The path of a router with names of parameters in place of their values: names alone if a value is no whole segment. */
function withNames(path: string, params: Routed['params'] = {}): string {
  const segments = path.split('/').map(decoded)
  const names = Object.keys(params)
  for (const name of names) {
    // The first one is rather a name, as in `/users/:user`.
    const at = segments.lastIndexOf(String(params[name]))
    if (at < 0) return names.map(name => `/:${name}`).join('')
    segments[at] = `:${name}`
  }
  return segments.join('/')
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const joined = (mount: string, path: string) => (path === '/' && mount !== '' ? mount : mount + path)
