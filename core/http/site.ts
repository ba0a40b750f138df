import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express'
import type { BadInputError } from '../errors.ts'
import type { Context } from '../plugin/context.ts'
import { ServerEvents } from './connection-events.ts'
import type { ConnectionLimits } from './connection-limits.ts'
import { asRequestError, internalError, RequestError } from './request-error.ts'
import { HttpServer } from './server.ts'

/** Answers, or throws {@link RequestError} or {@link BadInputError}. */
export type Post = (request: Request, response: Response) => Promise<void>

export interface Site {
  /** By path; each takes POST only. */
  readonly posts: ReadonlyMap<string, Post>
  /** The error for another path. */
  elsewhere(request: Request): RequestError
  /** Writes the body of an error; status and headers stand. */
  refuse(error: RequestError, request: Request, response: Response): void
}

/** The server of a receiver, which serves `site` alone. */
export function serverOf(
  endpoint: string,
  site: Site,
  limits: ConnectionLimits,
  context: Context,
  events = new ServerEvents(context)
): HttpServer {
  return new HttpServer(endpoint, serve(site, events), limits, events, context.sharedPorts)
}

/** The application that serves `site`. Every error is counted and answered, and never ends the process. */
function serve({ posts, elsewhere, refuse }: Site, events: ServerEvents): Express {
  const app = express().disable('x-powered-by').disable('etag')
  for (const [path, post] of posts) {
    app.post(path, post)
    app.all(path, ({ method }) => {
      throw new RequestError(405, `${method} is not for ${path}: use POST`, { allow: 'POST' })
    })
  }
  app.use(request => {
    throw elsewhere(request)
  })
  // Express tells error handlers by their four parameters.
  const answerError: ErrorRequestHandler = (thrown, request, response, _next) => {
    const known = asRequestError(thrown) ?? expressError(thrown)
    const error = known ?? internalError()
    events.answered(error, `${request.method} ${request.path}`, known === undefined ? thrown : undefined)
    response.status(error.status).set(error.headers)
    refuse(error, request, response)
  }
  return app.use(answerError)
}

/** Express's own error for what clients do, such as a path that does not decode. */
function expressError(thrown: unknown): RequestError | undefined {
  const { status, message } = thrown as { status?: unknown; message: string }
  return status === 400 ? new RequestError(400, message) : undefined
}
