import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express'
import type { BadInputError } from '../errors.ts'
import type { Tenant } from '../plugin/access.ts'
import type { Context } from '../plugin/context.ts'
import { Admission } from './admission.ts'
import { ServerEvents } from './connection-events.ts'
import { asRequestError, internalError, RequestError } from './request-error.ts'
import { HttpServer } from './server.ts'
import type { ServerOptions } from './server-options.ts'
import { ServerCertificate } from './tls.ts'

/** Answers, or throws {@link RequestError} or {@link BadInputError}. */
export type Post = (request: IncomingMessage, response: ServerResponse, tenant: Tenant | undefined) => Promise<void>

/**
 * Answers a question, or throws {@link RequestError}.
 * @param tenant the name of the one whose data may be read, if data belongs to tenants
 */
export type Read = (request: Request, response: Response, tenant: string | undefined) => Promise<void>

/** A {@link Post} of a sender that is let in first. */
type Receive = (request: IncomingMessage, response: ServerResponse) => Promise<void>

interface Admit {
  sender(request: IncomingMessage, response: ServerResponse): Promise<Tenant | undefined>
  reader(request: IncomingMessage, response: ServerResponse): Promise<string | undefined>
}

export interface Site {
  /** Requests that bring data, by path; each takes POST only. */
  readonly posts?: ReadonlyMap<string, Post>
  /** Requests that ask, by path as express has it; with their methods. */
  readonly reads?: ReadonlyMap<string, { readonly methods: readonly ('get' | 'post')[]; readonly read: Read }>
  /** Sees every request on these paths first, also those without credentials. */
  readonly before?: RequestHandler | undefined
  /** The error for another path. */
  elsewhere(request: Request): RequestError
  /** Writes the body of an error; status and headers stand. */
  refuse(error: RequestError, request: IncomingMessage, response: ServerResponse): void
}

/** The server of a receiver, which serves `site` alone. Throws `CONFIG_INVALID` over the files of `options.tls`. */
export function serverOf(
  endpoint: string,
  site: Site,
  options: ServerOptions,
  context: Context,
  events = new ServerEvents(context)
): HttpServer {
  const admission = new Admission(options.auth, context)
  const phaseFor = (response: ServerResponse) => {
    // Another server may listen when the client connects anew.
    if (server.phase === 'draining') response.setHeader('connection', 'close')
    return server.phase
  }
  const admit: Admit = {
    sender: (request, response) => admission.admit(phaseFor(response), request.headers),
    reader: (request, response) => admission.admitReader(phaseFor(response), request.headers)
  }
  const server: HttpServer = new HttpServer(endpoint, serve(site, admit, events), {
    limits: options,
    events,
    sharedPorts: context.sharedPorts,
    certificate: options.tls && new ServerCertificate(options.tls, context)
  })
  return server
}

/** Serves `site` to all who come, such as those that the admin server has let in: data of all tenants. */
export function openSite(site: Site, events: ServerEvents): RequestHandler {
  const anybody = async () => undefined
  return serve(site, { sender: anybody, reader: anybody }, events)
}

/**
 * Serves `site` to those that `admit` lets in. Every error is counted and answered, and never ends the process. Data comes by
 * paths as they stand in `posts`: for these it does not ask Express, which takes some 25 us for each request, as long as
 * counting a hundred points does.
 */
function serve(site: Site, admit: Admit, events: ServerEvents): RequestListener {
  const { before, refuse } = site
  const posts = new Map<string, Receive>()
  for (const [path, post] of site.posts ?? [])
    posts.set(path, async (request, response) => post(request, response, await admit.sender(request, response)))
  const answerError = (thrown: unknown, request: IncomingMessage, response: ServerResponse) => {
    const known = asRequestError(thrown) ?? expressError(thrown)
    const error = known ?? internalError()
    events.answered(error, `${request.method} ${pathOf(request)}`, known === undefined ? thrown : undefined)
    if (response.headersSent) return void response.destroy()
    response.statusCode = error.status
    for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value)
    refuse(error, request, response)
  }
  const app = applicationOf(site, posts, admit, answerError)
  if (posts.size === 0 || before !== undefined) return app
  return (request, response) => {
    const receive = request.method === 'POST' ? posts.get(request.url!) : undefined
    if (receive === undefined) return app(request, response)
    const answered = receive(request, response).catch(thrown => answerError(thrown, request, response))
    // An answer that fails, too, must not end the process.
    answered.catch(() => response.destroy())
  }
}

/** @param answerError called with what was thrown */
function applicationOf(
  { reads = new Map(), before, elsewhere }: Site,
  posts: ReadonlyMap<string, Receive>,
  admit: Admit,
  answerError: (thrown: unknown, request: Request, response: Response) => void
): RequestListener {
  const app = express().disable('x-powered-by').disable('etag')
  for (const [path, receive] of posts) {
    if (before !== undefined) app.use(path, before)
    app.post(path, (request, response) => receive(request, response))
    app.all(path, wrongMethod(['POST']))
  }
  for (const [path, { methods, read }] of reads) {
    const answer: RequestHandler = async (request, response) =>
      read(request, response, await admit.reader(request, response))
    for (const method of methods) app[method](path, answer)
    app.all(path, wrongMethod(methods.map(name => name.toUpperCase())))
  }
  app.use(request => {
    throw elsewhere(request)
  })
  // Express tells error handlers by their four parameters.
  const onError: ErrorRequestHandler = (thrown, request, response, _next) => answerError(thrown, request, response)
  return app.use(onError)
}

const pathOf = ({ url = '' }: IncomingMessage) => url.split('?', 1)[0]

function wrongMethod(allowed: readonly string[]): RequestHandler {
  return ({ method, path }) => {
    throw new RequestError(405, `${method} is not for ${path}: use ${allowed.join(' or ')}`, {
      allow: allowed.join(', ')
    })
  }
}

/** Express's own error for what clients do, such as a path that does not decode. */
function expressError(thrown: unknown): RequestError | undefined {
  const { status, message } = Object(thrown) as { status?: unknown; message: string }
  return status === 400 ? new RequestError(400, message) : undefined
}
