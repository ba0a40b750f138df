import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { Flood, Order, Sent } from './load.ts'

const MAX_CONNECTIONS = 16
/** After a request was refused. */
const RETRY_MS = 50
const REFUSED = [429, 503]
const CHURN_PERCENT_PER_MS = 10 / 60_000

/** A body that is sent again and again, with new times and values. */
export interface LoadBody {
  readonly points: number
  /** Time of the points, Unix ms. */
  readonly timeMs: number
  /** Gives all points a time, later than any before, and its values. Returns what they add to the sum. */
  stamp(nowMs: number): number
  /** The request with the last stamp was refused. */
  unstamp(): void
  /** Replaces series by new ones until `percent` of all were. */
  renameUpTo(percent: number): void
  /** As it is sent. */
  encoded(): Uint8Array
}

export interface HttpLoadOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly churns: boolean
  /** Bodies that together hold each series once; all others hold them in other orders. */
  readonly bodiesPerOrder: number
  /** So many bodies, the first, are sent once. */
  readonly bodiesSentOnce: number
}

/** Sends bodies over loopback. */
export class HttpLoad {
  readonly #bodies: readonly LoadBody[]
  readonly #options: HttpLoadOptions
  readonly #agent: Agent
  readonly #inFlight = new Set<LoadBody>()
  readonly #began = performance.now()
  #next = 0
  #earliestMs = 0
  #latestMs = 0
  #points = 0
  #sum = 0
  #bytes = 0
  #refused = 0
  #replyMs: number[] = []

  constructor(bodies: readonly LoadBody[], options: HttpLoadOptions) {
    this.#bodies = bodies
    this.#options = options
    this.#agent = new Agent({ keepAlive: true, maxSockets: this.#connections })
  }

  async run(order: Order): Promise<Sent> {
    const began = performance.now()
    const before = { points: this.#points, sum: this.#sum, bytes: this.#bytes, refused: this.#refused }
    if (order.kind === 'flood') await this.#flood(began, order)
    else await this.#pace(began, order)
    return {
      points: this.#points - before.points,
      sum: this.#sum - before.sum,
      bytes: this.#bytes - before.bytes,
      ms: performance.now() - began,
      refusedRequests: this.#refused - before.refused,
      replyMs: this.#replyMs.splice(0).sort((a, b) => a - b)
    }
  }

  get #connections(): number {
    return Math.min(MAX_CONNECTIONS, this.#bodies.length)
  }

  async #flood(began: number, { ms, passes = 0, maxMs = ms }: Flood): Promise<void> {
    const enough = this.#next + passes * this.#bodies.length
    const goesOn = () => {
      const elapsed = performance.now() - began
      return elapsed < ms || (this.#next < enough && elapsed < maxMs)
    }
    const send = async () => {
      while (goesOn()) if (!(await this.#post(this.#take()))) await setTimeout(RETRY_MS)
    }
    await Promise.all(Array.from({ length: this.#connections }, send))
  }

  async #pace(began: number, { ms, pointsPerSecond }: Extract<Order, { kind: 'pace' }>): Promise<void> {
    const everyMs = (1000 * this.#bodies[0].points) / pointsPerSecond
    const open = new Set<Promise<void>>()
    for (let due = began; due < began + ms; due += everyMs) {
      const ahead = due - performance.now()
      if (ahead > 0) await setTimeout(ahead)
      // A request that waited for a connection has waited since it was due.
      const sent = this.#post(this.#take()).then(() => {
        this.#replyMs.push(performance.now() - due)
        open.delete(sent)
      })
      open.add(sent)
      if (open.size === this.#bodies.length) await Promise.race(open)
    }
    await Promise.all(open)
  }

  /** The next body that no request has. A series is in a body of each order, and has one point a millisecond at most. */
  #take(): LoadBody {
    for (;;) {
      if (this.#next % this.#options.bodiesPerOrder === 0) this.#earliestMs = this.#latestMs + 1
      const body = this.#bodies[this.#indexOf(this.#next++)]
      if (!this.#inFlight.has(body)) return body
    }
  }

  #indexOf(turn: number): number {
    const { bodiesSentOnce: once } = this.#options
    return turn < once ? turn : once + ((turn - once) % (this.#bodies.length - once))
  }

  /** False if it was refused. Any other failure ends the process: the load would not be what it says. */
  async #post(body: LoadBody): Promise<boolean> {
    this.#inFlight.add(body)
    if (this.#options.churns) body.renameUpTo((performance.now() - this.#began) * CHURN_PERCENT_PER_MS)
    const sum = body.stamp(Math.max(Date.now(), this.#earliestMs))
    this.#latestMs = Math.max(this.#latestMs, body.timeMs)
    const bytes = body.encoded()
    const status = await this.#answer(bytes)
    this.#inFlight.delete(body)
    if (REFUSED.includes(status)) {
      body.unstamp()
      this.#refused++
    } else if (status >= 300) throw new Error(`${this.#options.url} answered ${status}: the program takes no such load`)
    else {
      this.#points += this.#bodies[0].points
      this.#sum += sum
      this.#bytes += bytes.length
    }
    return status < 300
  }

  #answer(body: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { ...this.#options.headers, 'content-length': body.length }
      const sent = request(this.#options.url, { method: 'POST', agent: this.#agent, headers }, response => {
        response.resume().once('end', () => resolve(response.statusCode!))
      })
      sent.once('error', reject).end(body)
    })
  }
}
