import { type Context, defineExtension, describeError, duration, type Extension, sleep } from 'weir/plugin'

const TIMEOUT_MS = 10_000

export default defineExtension({
  type: 'heartbeat',
  stability: 'beta',
  description: 'Calls a URL again and again, so that a watchdog there notices when Weir is gone.',
  schema: {
    type: 'object',
    required: ['url'],
    properties: {
      url: { type: 'string', pattern: '^https?://', description: 'Where to post.' },
      interval: duration({ description: 'Time between two calls.', default: '1m' })
    }
  },
  create: ({ url, interval }, context) => new HeartbeatExtension(url, interval, context)
})

class HeartbeatExtension implements Extension {
  #url: string
  #intervalMs: number
  #context: Context
  #running: AbortController | undefined

  constructor(url: string, intervalMs: number, context: Context) {
    this.#url = url
    this.#intervalMs = intervalMs
    this.#context = context
  }

  async start(): Promise<void> {
    if (this.#running !== undefined) return
    this.#running = new AbortController()
    void this.#beat(this.#running.signal)
  }

  async stop(): Promise<void> {
    this.#running?.abort()
  }

  async #beat(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#call(signal)
      await sleep(this.#context.clock, this.#intervalMs, signal).catch(() => {})
    }
  }

  async #call(stopped: AbortSignal): Promise<void> {
    try {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)])
      const response = await fetch(this.#url, { method: 'POST', signal })
      await response.arrayBuffer()
      if (!response.ok) throw new Error(`it answers ${response.status}`)
      this.#context.status('ok')
    } catch (error) {
      if (!stopped.aborted) this.#context.status('degraded', `${this.#url}: ${describeError(error)}`)
    }
  }
}
