import { type Extent, joined, type ResultCache, stepsOf, within } from './result-cache.ts'

/** Stores may need some seconds to know the series of new samples. */
const SETTLING_MS = 10_000

/** Evaluates a part of the range. */
export type EvaluateRange = (start: number, end: number) => Promise<Extent>

interface RangeQuery {
  /** The same for the same query, with all that its results depend on but the range. */
  readonly key: string
  readonly start: number
  readonly end: number
  readonly stepMs: number
  /** See `readsAheadMs`. */
  readonly aheadMs: number
}

/** The samples that changed while queries ran, or shortly before. */
export class Changes {
  readonly #watched = new Set<{ from: number }>()
  #recent: { readonly from: number; readonly at: number }[] = []

  /** Samples from `time` on, Unix ms, have changed. */
  add(time: number): void {
    if (time === Number.POSITIVE_INFINITY) return
    for (const watched of this.#watched) watched.from = Math.min(watched.from, time)
    this.#recent = [...this.#settling(), { from: time, at: performance.now() }]
  }

  /** Runs `work`. Resolves to its result, and the time from which on it may lack samples that were written. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly changedFrom: number }> {
    const watched = { from: Math.min(Number.POSITIVE_INFINITY, ...this.#settling().map(({ from }) => from)) }
    this.#watched.add(watched)
    try {
      return { result: await work(), changedFrom: watched.from }
    } finally {
      this.#watched.delete(watched)
    }
  }

  #settling() {
    const oldest = performance.now() - SETTLING_MS
    return this.#recent.filter(({ at }) => at > oldest)
  }
}

/**
 * A range query by the cache: only steps that it does not have are evaluated. Steps whose samples changed in the
 * meantime are answered, but not kept.
 */
export async function cachedRange(
  query: RangeQuery,
  cache: ResultCache,
  changes: Changes,
  evaluate: EvaluateRange
): Promise<Extent> {
  // Steps of another phase are other times.
  const phase = ((query.start % query.stepMs) + query.stepMs) % query.stepMs
  const key = `${query.stepMs} ${phase} ${query.key}`
  const { result, changedFrom } = await changes.during(() => complete(cache.get(key), query, evaluate))
  // Only the range asked for: a query that moves on with time would grow for ever.
  cache.put(key, stable(result, changedFrom - query.aheadMs), query.aheadMs)
  return result
}

async function complete(known: Extent | undefined, query: RangeQuery, evaluate: EvaluateRange): Promise<Extent> {
  const { start, stepMs } = query
  const end = start + (stepsOf(query) - 1) * stepMs
  if (known === undefined || known.end < start || known.start > end) return evaluate(start, end)
  const own = within(known, Math.max(start, known.start), end)
  const missing = [
    own.start > start ? evaluate(start, own.start - stepMs) : undefined,
    own,
    own.end < end ? evaluate(own.end + stepMs, end) : undefined
  ]
  const parts = (await Promise.all(missing)).filter(part => part !== undefined)
  return parts.length === 1 ? parts[0] : joined(parts)
}

function stable(extent: Extent, until: number): Extent {
  return until === Number.POSITIVE_INFINITY ? extent : within(extent, extent.start, Math.ceil(until) - 1)
}
