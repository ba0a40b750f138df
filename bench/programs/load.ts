import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

export const LINES_PER_DATAGRAM = 22

/** Where the load goes, and what it consists of. */
export type Target =
  | {
      readonly kind: 'otlp'
      readonly url: string
      readonly series: number
      readonly temporality: 'delta' | 'cumulative'
      readonly variant: 'in order' | 'random' | 'scattered' | 'churn'
      /** Bodies are sent so. None unless given. */
      readonly compression?: 'gzip' | 'zstd'
    }
  | { readonly kind: 'remote-write'; readonly url: string; readonly series: number }
  | { readonly kind: 'statsd'; readonly port: number; readonly series: number }

/** As much as the program takes; at least so often through all series, if that takes no longer than `maxMs`. OTLP only. */
export interface Flood {
  readonly kind: 'flood'
  readonly ms: number
  readonly passes?: number
  readonly maxMs?: number
}

export type Order =
  | Flood
  /** On a schedule, whether or not earlier requests are answered. */
  | { readonly kind: 'pace'; readonly ms: number; readonly pointsPerSecond: number }

/** The outcome of an order. StatsD has no replies: all that was sent counts as acknowledged. */
export interface Sent {
  /** Points acknowledged, and the sum of their values. */
  readonly points: number
  readonly sum: number
  readonly bytes: number
  readonly ms: number
  /** Requests answered with 429 or 503. Their points are not sent again. */
  readonly refusedRequests: number
  /** Of `pace`: from the time a request was due until its reply, ms, sorted. */
  readonly replyMs: readonly number[]
}

/** A load generator in a process of its own. */
export class Load {
  readonly #child: ChildProcess

  private constructor(target: Target) {
    const main = path.join(import.meta.dirname, `${target.kind}-load-main.ts`)
    this.#child = fork(main, [JSON.stringify(target)], { execArgv: [] })
  }

  /** Resolves once all bodies are made. */
  static async start(target: Target): Promise<Load> {
    const load = new Load(target)
    await load.#answer()
    return load
  }

  async run(order: Order): Promise<Sent> {
    this.#child.send(order)
    return (await this.#answer()) as Sent
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }

  async #answer(): Promise<unknown> {
    const abort = new AbortController()
    const ended = once(this.#child, 'exit', abort).then(([code]) => {
      throw new Error(`the load generator ended with ${code}; its error is above`)
    })
    try {
      const [answer] = await Promise.race([once(this.#child, 'message', abort), ended])
      return answer
    } finally {
      ended.catch(() => {})
      abort.abort()
    }
  }
}

/** For the load generator's process: makes a load of its target, then carries out orders until it is killed. */
export function serveOrders<T>(make: (target: T) => (order: Order) => Promise<Sent>): void {
  const carryOut = make(JSON.parse(process.argv[2]))
  process.on('message', async (order: Order) => void process.send!(await carryOut(order)))
  process.on('disconnect', () => process.exit())
  process.send!('ready')
}
