import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setImmediate } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import type { ExposedFamily, ExposedSeries, ExpositionWriter } from '../../core/wire/exposition/family.ts'
import { negotiate } from '../../core/wire/exposition/negotiate.ts'
import { type Context, describeError } from '../../sdk/plugin/index.ts'

/** Others have their turn at least so often. */
const LONGEST_RUN_MS = 5

interface Collected extends ExposedFamily {
  readonly series: ReadonlyMap<string, ExposedSeries>
}

/**
 * Answers scrapes at `path`.
 * @param collect returns what is exposed at the time of a scrape
 */
export function serveMetrics(path: string, collect: () => Iterable<Collected>, log: Context['log']): RequestListener {
  return (request, response) => {
    // A client may send anything here, also what is no URL.
    if (URL.parse(request.url ?? '/', 'http://localhost')?.pathname !== path)
      return refuse(response, 404, `there is nothing here: metrics are at ${path}`)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return refuse(response.setHeader('allow', 'GET'), 405, 'metrics are read by GET')
    void answer(request, response, collect()).catch(error =>
      // A scraper that has gone needs no answer.
      log.debug({ error: describeError(error) }, 'a scrape was not answered to its end')
    )
  }
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

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
}
