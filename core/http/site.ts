import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response
} from 'express'
import { BadInputError } from '../errors.ts'
import type { Context } from '../plugin/context.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { RequestError, unavailable } from './request-error.ts'
import { type ConnectionEvents, HttpServer } from './server.ts'

export interface Site {
  /** The only path, which takes POST only. */
  readonly path: string
  /** Sees every request on the path first. */
  readonly before?: RequestHandler
  /** Text for other paths, after the path asked for. */
  readonly elsewhere: string
  /** Answers, or throws {@link RequestError} or {@link BadInputError}. */
  post(request: Request, response: Response): Promise<void>
  /** Writes the body of an error; status and headers stand. */
  refuse(error: RequestError, request: Request, response: Response): void
}

/** The server of a receiver, which serves `site` alone. */
export function serverOf(endpoint: string, site: Site, limits: ConnectionLimits, context: Context): HttpServer {
  return new HttpServer(endpoint, serve(site, context), limits, connectionEvents(limits, context), context.sharedPorts)
}

function connectionEvents({ max_connections_per_address: most }: ConnectionLimits, context: Context): ConnectionEvents {
  const { instruments, log } = context
  const refused = instruments.counter(
    'refused_connections_total',
    'Connections closed because their address had max_connections_per_address.'
  )
  const timedOut = instruments.counter(
    'timed_out_connections_total',
    'Connections closed because a request took longer than read_header_timeout or read_timeout.'
  )
  let hasWarned = false
  return {
    refused(address) {
      refused.add(1)
      if (hasWarned) return
      hasWarned = true
      log.warn(
        { address, max_connections_per_address: most },
        'an address has as many connections as it may; further ones are closed: let its clients keep connections alive, or raise max_connections_per_address if it is a proxy'
      )
    },
    timedOut: () => timedOut.add(1)
  }
}

/** The application that serves `site`. Every error is counted and answered, and never ends the process. */
function serve(site: Site, context: Context): Express {
  const refused = context.instruments.counter('refused_requests_total', 'Requests answered with an error.')
  const app = express().disable('x-powered-by').disable('etag')
  if (site.before !== undefined) app.use(site.path, site.before)
  app.post(site.path, (request, response) => site.post(request, response))
  app.all(site.path, ({ method }) => {
    throw new RequestError(405, `${method} is not for ${site.path}: use POST`, { allow: 'POST' })
  })
  app.use(({ path }) => {
    throw new RequestError(404, `there is nothing at ${path}: ${site.elsewhere}`)
  })
  // Express tells error handlers by their four parameters.
  const answerError: ErrorRequestHandler = (thrown, request, response, _next) => {
    const known = asRequestError(thrown)
    const error = known ?? unavailable('something failed in this server, see its log: send this again')
    refused.add(1)
    if (known === undefined) context.log.error(thrown, `${request.method} ${request.path} failed`)
    else context.log.debug({ status: error.status, path: request.path }, error.message)
    response.status(error.status).set(error.headers)
    site.refuse(error, request, response)
  }
  return app.use(answerError)
}

/** Undefined for a fault of this server. Most clients give up on status 500, the usual one, and lose their data. */
function asRequestError(thrown: unknown): RequestError | undefined {
  if (thrown instanceof RequestError) return thrown
  if (BadInputError.is(thrown)) return new RequestError(thrown.reason === 'too_large' ? 413 : 400, thrown.message)
  const status = (thrown as { status?: unknown }).status
  // Express's own, such as a path that does not decode.
  if (status === 400) return new RequestError(400, (thrown as Error).message)
  return undefined
}
