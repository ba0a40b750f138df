import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Attributes } from '../any-value.ts'

/** https://opentelemetry.io/docs/specs/semconv/http/http-metrics */
const METRIC = 'http.server.request.duration'
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY'
])
/** OpenTelemetry's value for everything else. A client could name any number of methods and paths. */
const OTHER = '_OTHER'

/** The part of a client that requests are told to. */
export interface Timer {
  timing(name: string, value: number, attributes: Attributes, unit: string): void
}

/**
 * Tells `timer` when the response has ended, or when the client is gone.
 * @param routeOf called then: the pattern of the route, and never a path; undefined if there is no route
 */
export function observe(
  timer: Timer,
  request: IncomingMessage,
  response: ServerResponse,
  routeOf: () => string | undefined
): void {
  const start = performance.now()
  const method = METHODS.has(request.method ?? '') ? request.method : OTHER
  response.once('close', () => {
    const attributes = {
      'http.request.method': method,
      'http.route': routeOf() ?? OTHER,
      // Without one nothing was answered.
      'http.response.status_code': response.headersSent ? response.statusCode : undefined
    }
    timer.timing(METRIC, (performance.now() - start) / 1000, attributes, 's')
  })
}
