import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import type { Weir } from './weir-process.ts'

const HEALTH_EVERY_MS = 20

/**
 * Asks for the health all the time. Time in which a process had no core to run on does not count, where the system
 * tells it: other programs of the machine took it.
 */
export class HealthProbe {
  slowestMs = 0
  readonly #url: string
  readonly #pids: readonly number[]
  readonly #agent = new Agent({ keepAlive: true })
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor(weir: Weir) {
    this.#url = `${weir.admin}/healthz`
    this.#pids = [weir.pid, process.pid]
    this.#running = this.#run()
  }

  async stop(): Promise<number> {
    this.#stop.abort()
    await this.#running
    this.#agent.destroy()
    return this.slowestMs
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const waited = this.#waitedMs()
      const asked = performance.now()
      const status = await new Promise((resolve, reject) => {
        get(this.#url, { agent: this.#agent }, response =>
          response.resume().on('end', () => resolve(response.statusCode))
        ).on('error', reject)
      })
      assert.equal(status, 200)
      const took = performance.now() - asked
      this.slowestMs = Math.max(this.slowestMs, took - (this.#waitedMs() - waited))
      await setTimeout(HEALTH_EVERY_MS)
    }
  }

  /** Of the main threads, since their start. */
  #waitedMs(): number {
    return this.#pids.reduce((sum, pid) => sum + runQueueMs(pid), 0)
  }
}

/** https://docs.kernel.org/scheduler/sched-stats.html */
function runQueueMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}
