import { Labels } from '../../../core/promql/labels.ts'
import { MemoryStore } from '../../../core/promql/memory-store.ts'
import type { FetchBytes, OpenStore, QueryableStore } from '../../../core/promql/queryable.ts'

const STEP_MS = 1000

/** A request of the store's module to its owner. */
export interface Wanted {
  readonly after: number
  readonly until: number
}

/** Series `up` and `slow`: each second has its number as its value, once the owner has sent a byte for it. */
const open: OpenStore = (_config, fetch: FetchBytes) => ({
  async select({ matchers, after, until }, _remarks, signal) {
    const store = new MemoryStore()
    const name = matchers.find(({ name }) => name === '__name__')!.value
    let bytes = 0
    for await (const piece of fetch(JSON.stringify({ after, until, name }), signal)) bytes += piece.length
    const first = Math.floor(after / STEP_MS) + 1
    for (let i = 0; i < bytes; i++)
      for (const job of ['a', 'b'])
        store.append(
          Labels.of([
            ['__name__', name],
            ['job', job]
          ]),
          (first + i) * STEP_MS,
          first + i
        )
    const limits = { maxSeries: 10, maxSamples: 1e6 }
    return store.select({ matchers, after, until, stepMs: 0, rangeMs: 0, func: undefined, limits })
  },
  async series({ sets }) {
    const tenant = sets.flat().find(({ name }) => name === 'tenant')?.value
    return ['a', 'b'].map(job =>
      Labels.of([
        ['__name__', 'up'],
        ['job', job],
        ['tenant', tenant ?? '']
      ])
    )
  },
  async metadata() {
    return [{ family: 'up', type: 'gauge', help: 'Whether it runs.', unit: '' }]
  }
})
export default open

/** The owner's side: sends a byte for each second. `slow` never ends. */
export class CountingStore implements QueryableStore {
  readonly config = {}
  /** Threads that began. */
  threads = 0
  /** Ranges that were asked for. */
  readonly wanted: Wanted[] = []
  /** Requests that were given up. */
  stopped = 0
  #changed: ((time: number) => void) | undefined

  get module(): string {
    this.threads++
    return import.meta.url
  }

  async fetch(request: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const { after, until, name } = JSON.parse(request) as Wanted & { name: string }
    if (name === 'broken') throw new Error('the disk is gone')
    this.wanted.push({ after, until })
    signal.addEventListener('abort', () => this.stopped++)
    const seconds = Math.floor(until / STEP_MS) - Math.floor(after / STEP_MS)
    return pieces(seconds, name === 'slow' ? signal : undefined)
  }

  watch(changed: (time: number) => void): () => void {
    this.#changed = changed
    return () => {
      this.#changed = undefined
    }
  }

  wrote(time: number): void {
    this.#changed?.(time)
  }
}

async function* pieces(bytes: number, forever: AbortSignal | undefined): AsyncGenerator<Uint8Array, undefined> {
  for (let sent = 0; sent < bytes; sent += 7) yield new Uint8Array(Math.min(7, bytes - sent))
  if (forever !== undefined) await new Promise((_, reject) => forever.addEventListener('abort', reject))
  return undefined
}
