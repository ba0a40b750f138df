// Sends OTLP/HTTP protobuf bodies over loopback, as told by its parent process.
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { type OtlpBody, otlpBodies, POINTS_PER_BODY } from '../otlp-payload.ts'
import { type Flood, type Order, type Sent, serveOrders, type Target } from './load.ts'

const MAX_CONNECTIONS = 16
/** After a request was refused. */
const RETRY_MS = 50
const REFUSED = [429, 503]
/** Two orders take turns, so no series is followed by the one that followed it last time. */
const RANDOM_SEEDS = [1, 1001]
const CHURN_PERCENT_PER_MS = 10 / 60_000

type OtlpTarget = Extract<Target, { kind: 'otlp' }>

class OtlpLoad {
  readonly #target: OtlpTarget
  readonly #agent: Agent
  readonly #bodies: readonly OtlpBody[]
  readonly #inFlight = new Set<OtlpBody>()
  readonly #began = performance.now()
  readonly #bodiesPerOrder: number
  #next = 0
  #earliestMs = 0
  #latestMs = 0
  #points = 0
  #sum = 0
  #bytes = 0
  #refused = 0
  #replyMs: number[] = []

  constructor(target: OtlpTarget) {
    const { series, temporality, variant } = target
    const seeds = variant === 'random' ? RANDOM_SEEDS : [0]
    this.#target = target
    this.#bodies = seeds.flatMap(orderSeed => otlpBodies({ series, temporality, orderSeed, timeMs: Date.now() }))
    this.#bodiesPerOrder = this.#bodies.length / seeds.length
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
    const everyMs = (1000 * POINTS_PER_BODY) / pointsPerSecond
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
  #take(): OtlpBody {
    for (;;) {
      if (this.#next % this.#bodiesPerOrder === 0) this.#earliestMs = this.#latestMs + 1
      const body = this.#bodies[this.#next++ % this.#bodies.length]
      if (!this.#inFlight.has(body)) return body
    }
  }

  /** False if it was refused. Any other failure ends the process: the load would not be what it says. */
  async #post(body: OtlpBody): Promise<boolean> {
    this.#inFlight.add(body)
    if (this.#target.variant === 'churn') body.renameUpTo((performance.now() - this.#began) * CHURN_PERCENT_PER_MS)
    const sum = body.stamp(Math.max(Date.now(), this.#earliestMs))
    this.#latestMs = Math.max(this.#latestMs, body.timeMs)
    const status = await this.#answer(body.bytes)
    this.#inFlight.delete(body)
    if (REFUSED.includes(status)) this.#refused++
    else if (status >= 300) throw new Error(`${this.#target.url} answered ${status}: the program takes no such load`)
    else {
      this.#points += POINTS_PER_BODY
      this.#sum += sum
      this.#bytes += body.bytes.length
    }
    return status < 300
  }

  #answer(body: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
      const sent = request(this.#target.url, { method: 'POST', agent: this.#agent, headers }, response => {
        response.resume().once('end', () => resolve(response.statusCode!))
      })
      sent.once('error', reject).end(body)
    })
  }
}

serveOrders<OtlpTarget>(target => {
  const load = new OtlpLoad(target)
  return order => load.run(order)
})
