import { setTimeout } from 'node:timers/promises'
import type { Random } from '../core/journal/simulated-disk.ts'
import { integer } from '../core/wire/protobuf/fields.ts'
import { seriesKey } from '../e2e/counts.ts'
import { deltaRequest } from '../e2e/otlp-requests.ts'
import type { Ledger } from './ledger.ts'

const ROUTES = ['/', '/cart', '/pay']
const REPLY_TIMEOUT_MS = 3_000
/** Of a request message: a number nobody knows, so decoders skip it. It makes each request's bytes its own. */
const UNKNOWN_FIELD = 1000
const REPEATED_SHARE = 0.1

interface Request {
  readonly url: string
  readonly type: string
  readonly body: Uint8Array<ArrayBuffer>
}

export interface SendersOptions {
  readonly otlp: string
  readonly events: string
  readonly count: number
  readonly ledger: Ledger
  readonly random: Random
  /** Between two requests of one sender, at most. */
  readonly pauseMs: number
}

/** Clients that send until told to end, each request until it is acknowledged, and some requests once more. */
export class Senders {
  /** Requests answered with yes, with anything else, and not at all. */
  readonly answers = { taken: 0, refused: 0, none: 0 }
  repeated = 0
  #options: SendersOptions
  #ending = false
  #numbers = 0
  #done: Promise<unknown>

  constructor(options: SendersOptions) {
    this.#options = options
    const senders = Array.from({ length: options.count }, (_, i) => this.#send(`c${i}`, i % 2 === 0))
    this.#done = Promise.all(senders)
  }

  /** Resolves when all they have begun to send is acknowledged. */
  async end(): Promise<void> {
    this.#ending = true
    await this.#done
  }

  async #send(client: string, isOtlp: boolean): Promise<void> {
    const { random, pauseMs } = this.#options
    const late: Promise<unknown>[] = []
    while (!this.#ending) {
      const request = isOtlp ? this.#points(client) : this.#events(client)
      const sending = [this.#untilTaken(request)]
      // Once more at the same time, or after it was acknowledged.
      if (random() < REPEATED_SHARE) sending.push(this.#again(request, 0))
      await Promise.all(sending)
      if (random() < REPEATED_SHARE) late.push(this.#again(request, random() * 5_000))
      await setTimeout(random() * pauseMs)
    }
    await Promise.all(late)
  }

  async #again(request: Request, afterMs: number): Promise<void> {
    this.repeated++
    await setTimeout(this.#ending ? 0 : afterMs)
    await this.#untilTaken(request)
  }

  async #untilTaken({ url, type, body }: Request): Promise<void> {
    for (;;) {
      try {
        const signal = AbortSignal.timeout(REPLY_TIMEOUT_MS)
        const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body, signal })
        await response.arrayBuffer()
        if (response.ok) {
          this.answers.taken++
          return
        }
        if (response.status !== 503 && response.status !== 429) throw new Error(`${url} answered ${response.status}`)
        this.answers.refused++
      } catch (error) {
        if (error instanceof Error && error.message.includes(' answered ')) throw error
        this.answers.none++
      }
      await setTimeout(20 + this.#options.random() * 100)
    }
  }

  #points(client: string): Request {
    const { ledger, otlp } = this.#options
    const points = this.#items(route => ({
      name: 'torture.requests',
      attributes: { client, route },
      time: this.#time(),
      value: 1 + Math.floor(this.#options.random() * 5)
    }))
    for (const { attributes, time, value } of points) ledger.add(seriesKey('torture_requests', attributes), time, value)
    const body = Buffer.concat([deltaRequest(points), integer(UNKNOWN_FIELD, ++this.#numbers)])
    return { url: otlp, type: 'application/x-protobuf', body }
  }

  #events(client: string): Request {
    const { ledger, events } = this.#options
    const lines = this.#items(route => ({
      name: 'torture.orders',
      id: `${client}-${++this.#numbers}`,
      timestamp: this.#time(),
      attributes: { client, route }
    }))
    for (const { attributes, timestamp } of lines) ledger.add(seriesKey('torture_orders', attributes), timestamp, 1)
    const body = Buffer.from(lines.map(line => JSON.stringify(line)).join('\n'))
    return { url: events, type: 'application/x-ndjson', body }
  }

  #items<T>(make: (route: string) => T): T[] {
    const { random } = this.#options
    return Array.from({ length: 1 + Math.floor(random() * 20) }, () =>
      make(ROUTES[Math.floor(random() * ROUTES.length)])
    )
  }

  /** Most within the allowed lateness, some behind it, a few far behind. */
  #time(): number {
    const { random } = this.#options
    const fate = random()
    const lateness = fate < 0.8 ? 1_500 : fate < 0.95 ? 8_000 : 60_000
    return Math.floor(Date.now() - random() * lateness)
  }
}
