import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

/** Bytes of a body that `small` still passes. */
const SMALL_BYTES = 1500
const SLOW_MS = 1500
/** Answered by itself. */
const ANSWERS: Readonly<Record<string, readonly [status: number, headers: Record<string, string>]>> = {
  '500': [500, {}],
  '408': [408, {}],
  '429': [429, {}],
  '503': [503, {}],
  'wait a second': [503, { 'retry-after': '1' }],
  'wait until': [429, { 'retry-after': 'a date' }],
  moved: [307, { location: 'http://127.0.0.1:1/' }]
}

/**
 * `pass`: as if it were not there. `dead`: nobody listens. Statuses, `wait …` with `Retry-After`, and `moved`: answered by
 * itself. `small`: 413 for large bodies, others pass. `hang`: no answer. `reset`: breaks the connection. `after`: passes the
 * request on, then breaks the connection. `cut`: passes it on, and breaks the connection in the midst of the answer.
 * `slow`: passes it on late.
 */
export type Roughness =
  | 'pass'
  | 'dead'
  | '500'
  | '408'
  | '429'
  | '503'
  | 'wait a second'
  | 'wait until'
  | 'moved'
  | 'small'
  | 'hang'
  | 'reset'
  | 'after'
  | 'cut'
  | 'slow'

/** Stands in front of a backend and misbehaves as told. */
export class RoughProxy {
  #target: string
  #how: Roughness = 'pass'
  #server: Server | undefined
  #port = 0
  /** Requests that came, by what was made of them. */
  readonly seen = new Map<Roughness, number>()

  private constructor(target: string) {
    this.#target = target
  }

  /** @param target `http://127.0.0.1:PORT` */
  static async start(target: string): Promise<RoughProxy> {
    const proxy = new RoughProxy(target)
    await proxy.#listen()
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async become(how: Roughness): Promise<void> {
    if (how === this.#how) return
    const wasDead = this.#how === 'dead'
    this.#how = how
    if (how === 'dead') await this.stop()
    else if (wasDead) await this.#listen()
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise(resolve => server.close(resolve))
    server.closeAllConnections()
    await closed
  }

  async #listen(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy())
    })
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const how = this.#how
    const body = await buffer(request)
    this.seen.set(how, (this.seen.get(how) ?? 0) + 1)
    if (how === 'hang') return
    if (how === 'reset') return void response.socket?.resetAndDestroy()
    if (how in ANSWERS) return answer(response, how)
    if (how === 'small' && body.length > SMALL_BYTES) return void response.writeHead(413).end('too large\n')
    if (how === 'slow') await setTimeout(SLOW_MS)
    const headers = Object.entries(request.headers).filter(
      ([key]) => !['host', 'connection', 'content-length'].includes(key)
    )
    const passed = await fetch(this.#target + request.url, {
      method: request.method!,
      headers: headers as [string, string][],
      body: body as Buffer<ArrayBuffer>
    })
    const text = Buffer.from(await passed.arrayBuffer())
    if (how === 'after') return void response.socket?.resetAndDestroy()
    if (how !== 'cut') return void response.writeHead(passed.status).end(text)
    response.writeHead(passed.status, { 'content-length': text.length + 1 })
    response.write(text.subarray(0, 1), () => response.socket?.resetAndDestroy())
  }
}

function answer(response: ServerResponse, how: Roughness): void {
  const [status, headers] = ANSWERS[how]
  const retryAfter = how === 'wait until' && { 'retry-after': new Date(Date.now() + 1000).toUTCString() }
  response.writeHead(status, { ...headers, ...retryAfter }).end('told to fail\n')
}
