import { orAborted } from '../or-aborted.ts'

interface Entry<V> {
  readonly answer: Promise<V>
  readonly stop: AbortController
  waiting: number
}

/** Answers that somebody waits for already, by keys. One that nobody waits for any more is stopped. */
export class UnderWay<V> {
  readonly #entries = new Map<string, Entry<V>>()

  /** The answer to `key`, by `ask` unless it is under way. Rejects once `signal` fires. */
  async get(key: string, ask: (signal: AbortSignal) => Promise<V>, signal: AbortSignal): Promise<V> {
    const entry = this.#entries.get(key) ?? this.#begin(key, ask)
    entry.waiting++
    try {
      return await orAborted(entry.answer, signal)
    } finally {
      if (--entry.waiting === 0) {
        this.#end(key, entry)
        entry.stop.abort()
      }
    }
  }

  #begin(key: string, ask: (signal: AbortSignal) => Promise<V>): Entry<V> {
    const stop = new AbortController()
    const entry = { answer: ask(stop.signal), stop, waiting: 0 }
    this.#entries.set(key, entry)
    const end = () => this.#end(key, entry)
    // From then on it is an old answer.
    entry.answer.then(end, end)
    return entry
  }

  #end(key: string, entry: Entry<V>): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }
}
