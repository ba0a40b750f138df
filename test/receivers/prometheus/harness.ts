import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext as NodeTest } from 'node:test'
import plugin from '../../../receivers/prometheus/index.ts'
import { PrometheusReceiver } from '../../../receivers/prometheus/receiver.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { eventually } from '../../e2e/eventually.ts'

/** No other timer is so far ahead. */
export const TIMEOUT_MS = 9876

/** A target that answers as told. */
export interface Exposed {
  address: string
  body: string | Buffer
  contentType: string
  contentEncoding: string
  status: number
  /** Headers of its last request. */
  headers: IncomingMessage['headers']
  requests: number
  path: string
  /** Set if requests get no answer. */
  isSilent: boolean
}

/** @param tls certificate and key of a target that speaks HTTPS */
export async function exposed(
  t: NodeTest,
  body: string | Buffer,
  tls?: { cert: string; key: string }
): Promise<Exposed> {
  const state: Exposed = {
    address: '',
    body,
    contentType: 'text/plain',
    contentEncoding: 'identity',
    status: 200,
    headers: {},
    requests: 0,
    path: '',
    isSilent: false
  }
  const answer: RequestListener = (request, response) => {
    const { status, body, contentType, contentEncoding } = state
    state.headers = request.headers
    state.path = request.url!
    state.requests++
    const headers = { 'content-type': contentType, 'content-encoding': contentEncoding }
    if (!state.isSilent) response.writeHead(status, headers).end(body)
  }
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close().closeAllConnections())
  state.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}

export interface Scraping {
  readonly context: TestContext
  readonly blocks: PointBlock[]
  /** Moves time on from timer to timer, until there is another block. */
  scrape(): Promise<PointBlock>
}

/** A receiver that is stopped when the test ends. @param job beside its name and an interval of a minute */
export async function scraping(t: NodeTest, job: object): Promise<Scraping> {
  const context = testContext('prometheus')
  const config = testConfig(plugin, {
    scrape_configs: [{ job_name: 'j', scrape_interval: '1m', scrape_timeout: `${TIMEOUT_MS}ms`, ...job }]
  })
  const receiver = new PrometheusReceiver(config, context)
  const blocks: PointBlock[] = []
  receiver.batches$.subscribe(batch => {
    blocks.push(batch.block as PointBlock)
    batch.ack()
  })
  await receiver.start()
  t.after(() => receiver.stop())
  const { clock } = context
  const scrape = () => {
    const seen = blocks.length
    return eventually('a scrape', () => {
      // The answer of a target takes real time, in which its timeout must not come.
      const isWaiting = clock.nextTimer - clock.now() === TIMEOUT_MS
      // Targets of files and lists take real time as well.
      const hasTimer = Number.isFinite(clock.nextTimer)
      if (blocks.length === seen && hasTimer && !isWaiting) clock.advanceTo(clock.nextTimer)
      return blocks[seen]
    })
  }
  return { context, blocks, scrape }
}

/** Points as `name{labels} value`, sorted, without times; ends as `stale`. Durations are left out. */
export function rows({ series, value, flags, length }: PointBlock): string[] {
  return Array.from({ length }, (_, i) => {
    const { metric, attributes, resource } = series.at(i)
    const labels = [...attributes, ...resource.attributes].map(([name, text]) => `${name}=${text}`)
    const isStale = (flags[i] & FLAG_NO_RECORDED_VALUE) !== 0
    return `${metric.name}{${labels.join()}} ${isStale ? 'stale' : value[i]}`
  })
    .filter(row => !row.startsWith('scrape_duration_seconds') || row.endsWith('stale'))
    .sort()
}
