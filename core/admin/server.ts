import path from 'node:path'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import type { AdminConfig } from '../config/service.ts'
import { describeError } from '../errors.ts'
import { RequestError } from '../http/request-error.ts'
import { HttpServer } from '../http/server.ts'
import { ServerCertificate } from '../http/tls.ts'
import { PACKAGE_ROOT } from '../package-root.ts'
import type { Services } from '../pipeline/graph/services.ts'
import type { BuiltService } from '../pipeline/service/build.ts'
import type { Authenticator } from '../plugin/access.ts'
import { DashboardFolder } from './dashboards/folder.ts'
import { dashboardRoutes } from './dashboards/routes.ts'
import { guard } from './guard.ts'
import { pagePolicy } from './page-policy.ts'
import { SessionToken } from './session-token.ts'
import { type Moment, overallState, reportsOf, statusReport } from './status.ts'

/** Made by `npm run build:page`. */
const PAGE_FOLDER = path.join(PACKAGE_ROOT, 'dist/web')

/**
 * Serves the page (`/`), `/api/status`, `/metrics` (Prometheus), `/healthz` (alive; names degraded components),
 * `/readyz` (200 only while running), `/api/dashboards`, the reports of components, such as `/cardinality`, and their routes
 * and sites.
 */
export class AdminServer {
  #server: HttpServer
  #services: Services

  /** Components may still add routes until {@link start}. */
  constructor(config: AdminConfig, service: BuiltService, moment: () => Moment) {
    const { endpoint, tls } = config
    const certificate = tls && new ServerCertificate(tls, service.services)
    this.#server = new HttpServer(endpoint, makeApp(config, service, moment), { certificate })
    this.#services = service.services
  }

  async start(): Promise<void> {
    await this.#server.start()
    this.#services.adminUrl = `${this.#server.scheme}://${this.#server.address}`
    this.#services.announcements.push({ what: `Status page on ${this.#services.adminUrl}/`, command: undefined })
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#server.stop(signal)
  }
}

function makeApp(
  { endpoint, auth, dashboards: folder }: AdminConfig,
  service: BuiltService,
  moment: () => Moment
): Express {
  const { services } = service
  const dashboards = new DashboardFolder(folder)
  // The guard knows paths as they are written here.
  const app = express().disable('x-powered-by').enable('case sensitive routing')
  app.use(pagePolicy, guard(endpoint))
  app.get('/healthz', (_request, response) => {
    const state = overallState(service)
    response.status(state === 'failed' ? 503 : 200).json({ state })
  })
  app.get('/readyz', (_request, response) => {
    const { phase } = moment()
    response.status(phase === 'running' ? 200 : 503).json({ phase })
  })
  // Probes of an orchestrator have no credentials, so their paths come before.
  if (auth !== undefined) app.use(authenticated(services.access.authenticator(auth)))
  app.use(page(dashboards))
  const session = new SessionToken()
  app.use(session.check)
  app.get('/api/session', (_request, response) => {
    response.set('cache-control', 'no-store').json({ token: session.value })
  })
  app.get('/api/status', (_request, response) => {
    response.set('cache-control', 'no-store').json(statusReport(service, moment()))
  })
  app.get('/metrics', async (_request, response) => {
    const text = await services.metrics.toPrometheusText()
    response.type('text/plain; version=0.0.4; charset=utf-8').send(text)
  })
  app.use('/api/dashboards', dashboardRoutes(dashboards))
  // Looked up anew each time: a reload brings others.
  app.use((request, response, next) => {
    const reports = request.method === 'GET' ? reportsOf(service, request.path.slice(1)) : []
    if (reports.length > 0) return response.set('cache-control', 'no-store').json(reports)
    const handler = services.routes.get(`${request.method.toLowerCase()} ${request.path}`)
    return handler === undefined ? next() : handler(request, response, next)
  })
  app.use((request, response, next) => {
    const [prefix, handler] = siteOf(services, request.path) ?? []
    if (handler === undefined) return next()
    request.url = request.url.slice(prefix!.length)
    handler(request, response, next)
  })
  app.use(({ method, path: asked }, response) => {
    const there = 'the page is at /, metrics at /metrics, state at /api/status, and no component here has this path'
    response.status(404).type('text/plain').send(`there is nothing at ${method} ${asked}: ${there}\n`)
  })
  return app.use(answerError(services.log))
}

function page(dashboards: DashboardFolder): RequestHandler[] {
  const check: RequestHandler = (request, _response, next) => {
    // They are checked once, while a browser loads the page, which then does not wait. Failures are told to those who ask.
    if (request.path === '/') void dashboards.list().catch(() => {})
    next()
  }
  return [check, express.static(PAGE_FOLDER)]
}

/** The component's site that has this path, with the part of the path that is before it. */
function siteOf({ sites }: Services, asked: string): [prefix: string, handler: RequestHandler] | undefined {
  return [...sites].find(([prefix]) => asked.startsWith(`${prefix}/`))
}

function authenticated(authenticator: Authenticator): RequestHandler {
  return async (request, response, next) => {
    try {
      await authenticator.authenticate(request.headers)
    } catch (error) {
      if (!(error instanceof RequestError)) throw error
      return void response.status(error.status).set(error.headers).type('text/plain').send(`${error.message}\n`)
    }
    next()
  }
}

function answerError(log: Services['log']): ErrorRequestHandler {
  return (error, request, response, next) => {
    if (response.headersSent) return next(error)
    // Express's own, such as a path that does not decode.
    const status = error?.status >= 400 && error.status < 500 ? error.status : 500
    if (status === 500) log.error({ err: describeError(error) }, `${request.method} ${request.path} failed`)
    response
      .status(status)
      .type('text/plain')
      .send(`${describeError(error)}\n`)
  }
}
