import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/**
 * `pass`: as if it were not there. `dead`: nobody listens. `500`, `429`: answered by itself. `hang`: no answer. `reset`:
 * breaks the connection. `after`: passes the request on, then breaks the connection.
 */
export type Roughness = 'pass' | 'dead' | '500' | '429' | 'hang' | 'reset' | 'after'

/** Stands in front of a backend and misbehaves as told. */
export class RoughProxy {
  #target: string
  #how: Roughness = 'pass'
  #server: Server | undefined
  #port = 0

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
    if (how === 'hang') return
    if (how === 'reset') return void response.socket?.resetAndDestroy()
    if (how === '500' || how === '429') return void response.writeHead(Number(how)).end('told to fail\n')
    const headers = Object.entries(request.headers).filter(
      ([key]) => !['host', 'connection', 'content-length'].includes(key)
    )
    const answer = await fetch(this.#target + request.url, {
      method: request.method!,
      headers: headers as [string, string][],
      body: body as Buffer<ArrayBuffer>
    })
    const text = await answer.arrayBuffer()
    if (how === 'after') return void response.socket?.resetAndDestroy()
    response.writeHead(answer.status).end(Buffer.from(text))
  }
}
