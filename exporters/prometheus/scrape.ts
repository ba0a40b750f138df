import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { ServerEvents } from '../../core/http/connection-events.ts'
import { asRequestError, internalError, RequestError } from '../../core/http/request-error.ts'
import type { ExposedFamily, ExposedSeries, ExpositionWriter } from '../../core/wire/exposition/family.ts'
import { negotiate } from '../../core/wire/exposition/negotiate.ts'
import { type Context, describeError } from '../../sdk/plugin/index.ts'

/** Others have their turn at least so often. */
const LONGEST_RUN_MS = 5

interface Collected extends ExposedFamily {
  readonly series: ReadonlyMap<string, ExposedSeries>
}

export interface ScrapeSite {
  readonly path: string
  /** Anybody may scrape without it. */
  readonly authenticator: ReturnType<Context['access']['authenticator']> | undefined
  readonly events: ServerEvents
  readonly log: Context['log']
  /** Returns what is exposed at the time of a scrape. */
  collect(): Iterable<Collected>
}

/** Answers scrapes. */
export function serveMetrics(site: ScrapeSite): RequestListener {
  return (request, response) => {
    void serve(site, request, response).catch(error =>
      // A scraper that has gone needs no answer.
      site.log.debug({ error: describeError(error) }, 'a scrape was not answered to its end')
    )
  }
}

async function serve(site: ScrapeSite, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    await site.authenticator?.authenticate(request.headers)
    check(request, site.path)
  } catch (thrown) {
    const error = asRequestError(thrown)
    site.events.answered(
      error ?? internalError(),
      `${request.method} ${request.url}`,
      error === undefined ? thrown : undefined
    )
    return refuse(response, error ?? internalError())
  }
  await answer(request, response, site.collect())
}

/** Throws `RequestError` if it is no scrape. */
function check({ method, url = '/' }: IncomingMessage, path: string): void {
  if (url.split('?', 1)[0] !== path) throw new RequestError(404, `there is nothing here: metrics are at ${path}`)
  if (method !== 'GET' && method !== 'HEAD') throw new RequestError(405, 'metrics are read by GET', { allow: 'GET' })
}

async function answer(request: IncomingMessage, response: ServerResponse, families: Iterable<Collected>) {
  const writer = negotiate(request.headers.accept)
  const isZipped = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '')
  response.setHeader('content-type', writer.contentType)
  response.setHeader('vary', 'accept, accept-encoding')
  if (isZipped) response.setHeader('content-encoding', 'gzip')
  if (request.method === 'HEAD') return void response.end()
  const body = Readable.from(exposition(writer, families), { objectMode: false })
  if (isZipped) await pipeline(body, createGzip(), response)
  else await pipeline(body, response)
}

async function* exposition(writer: ExpositionWriter, families: Iterable<Collected>) {
  let began = performance.now()
  // Families may come and go while others have their turn.
  for (const family of [...families]) {
    if (family.series.size === 0) continue
    for (const part of writer.write(family, family.series.values())) {
      if (part.length > 0) yield part
      if (performance.now() - began < LONGEST_RUN_MS) continue
      await setImmediate()
      began = performance.now()
    }
  }
  if (writer.end !== '') yield writer.end
}

function refuse(response: ServerResponse, { status, headers, message }: RequestError): void {
  response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
}
