import type { StatusReport } from '../../core/admin/status.ts'
import { getJson } from './api.ts'
import { poll } from './poll.ts'

const POLL_MS = 1000

/** `/api/status`, asked once a second for all who show it. */
class StatusFeed {
  /** The newest answer. Undefined before the first one, and while there is none. */
  latest: StatusReport | undefined
  #known: StatusReport | undefined
  readonly #listeners = new Set<(status: StatusReport | undefined) => void>()

  start(): void {
    void poll(POLL_MS, () => this.#ask(), new AbortController().signal)
  }

  /** Calls `listener` with each answer from now on, and at once if there is one; undefined stands for no answer. */
  subscribe(listener: (status: StatusReport | undefined) => void): () => void {
    this.#listeners.add(listener)
    if (this.latest !== undefined) listener(this.latest)
    return () => this.#listeners.delete(listener)
  }

  /** The last answer that there was, or the first one that comes. */
  async known(): Promise<StatusReport> {
    if (this.#known !== undefined) return this.#known
    return new Promise(resolve => {
      const end = this.subscribe(status => {
        if (status === undefined) return
        end()
        resolve(status)
      })
    })
  }

  async #ask(): Promise<void> {
    this.latest = await getJson<StatusReport>('/api/status').catch(() => undefined)
    this.#known = this.latest ?? this.#known
    for (const listener of [...this.#listeners]) listener(this.latest)
  }
}

export const statusFeed = new StatusFeed()
