import express, { type ErrorRequestHandler, type Request, type Router } from 'express'
import { RequestError } from '../../http/request-error.ts'
import { type DashboardFolder, MOST_BYTES } from './folder.ts'

/**
 * `GET /` lists dashboards, `GET`, `PUT` and `DELETE /<name>` are for one. Its version is the header `ETag`. A change needs
 * `If-Match` with the version that it changes, and a new dashboard `If-None-Match: *`.
 */
export function dashboardRoutes(dashboards: DashboardFolder): Router {
  const router = express.Router({ strict: true })
  router.use((_request, response, next) => {
    response.set('cache-control', 'no-store')
    next()
  })
  router.get('/', async (_request, response) => void response.json(await dashboards.list()))
  router.get('/:name', async (request, response) => {
    const { text, version } = await dashboards.read(request.params.name)
    response.set('etag', version).type('application/json').send(text)
  })
  // As text: it is kept as its author wrote it.
  router.put('/:name', express.text({ type: () => true, limit: MOST_BYTES }), async (request, response) => {
    const replaced = replacedBy(request)
    const text = typeof request.body === 'string' ? request.body : ''
    const { version } = await dashboards.write(String(request.params.name), text, replaced)
    response
      .set('etag', version)
      .status(replaced === undefined ? 201 : 204)
      .end()
  })
  router.delete('/:name', async (request, response) => {
    const removed = replacedBy(request)
    if (removed === undefined) throw new RequestError(428, NO_VERSION)
    await dashboards.remove(request.params.name, removed)
    response.status(204).end()
  })
  return router.use(answerError)
}

const NO_VERSION = 'say which version is changed: the header If-Match with the ETag of the dashboard'

/** The version that a request changes. Undefined: there must be none. */
function replacedBy({ headers }: Request): string | undefined {
  const version = headers['if-match']
  if (version !== undefined) return version
  if (headers['if-none-match'] === '*') return undefined
  throw new RequestError(428, `${NO_VERSION}; for a new one If-None-Match: *`)
}

const answerError: ErrorRequestHandler = (error, _request, response, next) => {
  const isTooLarge = error?.type === 'entity.too.large'
  if (!isTooLarge && !(error instanceof RequestError)) return next(error)
  const [status, message] = isTooLarge
    ? [413, `a dashboard has at most ${MOST_BYTES} bytes: make two of it`]
    : [error.status, error.message]
  response.status(status).type('text/plain').send(`${message}\n`)
}
