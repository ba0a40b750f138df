import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

export interface Received {
  readonly authorization: string | undefined
  readonly path: string
  readonly body: string
  readonly items: readonly Item[]
}

/** A data point with the name of its metric, or a log record. */
export interface Item {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly resource: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The connection breaks after the head. */
  readonly cut?: boolean
}

/** A server that keeps what it gets, and answers as told. */
export class ReceivingServer {
  readonly received: Received[] = []
  /** The answers to the next requests, in order; then 200. */
  readonly replies: Reply[] = []
  /** In place of {@link replies}, if it gives one. */
  replyTo: (received: Received) => Reply | undefined = () => undefined
  readonly #server: Server

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await text(request)
      const { authorization } = request.headers
      const received = { path: request.url!, authorization, body, items: itemsOf(JSON.parse(body)) }
      this.received.push(received)
      const {
        status,
        headers = {},
        body: answer = '{}',
        cut
      } = this.replyTo(received) ?? this.replies.shift() ?? { status: 200 }
      response.writeHead(status, { ...headers, 'content-length': answer.length })
      if (cut) response.write(answer.slice(0, 1), () => request.socket.resetAndDestroy())
      else response.end(answer)
    })
  }

  static async start(t: TestContext): Promise<ReceivingServer> {
    const server = new ReceivingServer()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    t.after(() => {
      server.#server.close()
      server.#server.closeAllConnections()
    })
    return server
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get items(): Item[] {
    return this.received.flatMap(({ items }) => items)
  }
}

interface Value {
  readonly stringValue?: string
  readonly boolValue?: boolean
  readonly intValue?: string
  readonly doubleValue?: number | null
  readonly arrayValue?: { readonly values: readonly Value[] }
  readonly kvlistValue?: Attributed<'values'>
}

type Attributed<K extends string = 'attributes'> = {
  readonly [key in K]?: readonly { readonly key: string; readonly value: Value }[]
}

interface Metric {
  readonly name: string
  readonly unit?: string
  readonly metadata?: unknown
  readonly [kind: string]: unknown
}

interface ExportRequest {
  readonly resourceMetrics?: readonly {
    readonly resource: Attributed
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
  readonly resourceLogs?: readonly {
    readonly resource: Attributed
    readonly scopeLogs: readonly { readonly logRecords: readonly (Attributed & { readonly eventName: string })[] }[]
  }[]
}

function itemsOf({ resourceMetrics = [], resourceLogs = [] }: ExportRequest): Item[] {
  const points = resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) => metrics.flatMap(metric => pointsOf(metric, resource)))
  )
  const records = resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(record => ({ name: record.eventName, ...record, ...attributesOf(record, resource) }))
    )
  )
  return [...points, ...records]
}

function pointsOf({ name, unit, metadata, description: _, ...kinds }: Metric, resource: Attributed): Item[] {
  return Object.entries(kinds as Record<string, { readonly dataPoints: readonly Attributed[] }>).flatMap(
    ([kind, { dataPoints }]) =>
      dataPoints.map(point => ({ name, unit, metadata, kind, ...point, ...attributesOf(point, resource) }))
  )
}

function attributesOf(item: Attributed, resource: Attributed) {
  return { attributes: mapOf(item.attributes), resource: mapOf(resource.attributes) }
}

function mapOf(pairs: Attributed['attributes'] = []): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, plain(value)]))
}

function plain(value: Value): unknown {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain)
  if (value.kvlistValue !== undefined) return mapOf(value.kvlistValue.values)
  return value.intValue === undefined ? Object.values(value)[0] : Number(value.intValue)
}
