import type { IncomingMessage, ServerResponse } from 'node:http'
import { observe, type Timer } from './duration.ts'

export type { Timer } from './duration.ts'

interface Request {
  readonly raw: IncomingMessage
  /** `url` is a pattern; there is none if no route was found. */
  readonly routeOptions: { readonly url?: string | undefined }
}

interface Reply {
  readonly raw: ServerResponse
}

interface Instance {
  addHook(name: 'onRequest', hook: (request: Request, reply: Reply, done: () => void) => void): unknown
}

/**
 * A plugin of Fastify 4.10 and later that measures `http.server.request.duration`, in seconds, by method, route and status.
 * Requests without a route have the route `_OTHER`.
 */
export function weirFastify(instance: Instance, { client }: { readonly client: Timer }, done: () => void): void {
  instance.addHook('onRequest', (request, reply, next) => {
    observe(client, request.raw, reply.raw, () => request.routeOptions.url)
    next()
  })
  done()
}

// The hook is for all routes, and not only for those of this plugin.
Object.assign(weirFastify, { [Symbol.for('skip-override')]: true })
