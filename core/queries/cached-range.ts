import { type Extent, joined, type ResultCache, stepsOf, within } from './result-cache.ts'

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

/** The samples that changed while queries ran. */
export class Changes {
  readonly #watched = new Set<{ from: number }>()

  /** Samples from `time` on, Unix ms, have changed. */
  add(time: number): void {
    for (const watched of this.#watched) watched.from = Math.min(watched.from, time)
  }

  /** Runs `work`. Resolves to its result, and the time from which on samples have changed meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly changedFrom: number }> {
    const watched = { from: Number.POSITIVE_INFINITY }
    this.#watched.add(watched)
    try {
      return { result: await work(), changedFrom: watched.from }
    } finally {
      this.#watched.delete(watched)
    }
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
