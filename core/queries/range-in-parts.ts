import { SampleBudget, type SampleTotal } from '../promql/engine/sample-budget.ts'
import { TooMuchError } from '../promql/query-error.ts'
import type { QueryLimits } from '../promql/sample-store.ts'
import type { EvaluateRange } from './cached-range.ts'
import { type Extent, joined, stepsOf } from './result-cache.ts'

/** After a part that was too much, parts are so many times shorter. */
const SHORTER = 4
/** Shorter parts would be more than anybody waits for. */
const MOST_PARTS = 64

type Range = Pick<Extent, 'start' | 'end' | 'stepMs'>

/**
 * Evaluates a range, in parts if it is more at once than the limits allow. Rejects with a `QueryError` if the shortest parts are too
 * much as well, or all results together.
 * @param total of this and other queries
 */
export async function rangeInParts(
  { start, end, stepMs }: Range,
  evaluate: EvaluateRange,
  limits: QueryLimits,
  total: SampleTotal
): Promise<Extent> {
  const steps = stepsOf({ start, end, stepMs })
  const results = new SampleBudget(limits, total)
  results.checkRoom(steps)
  const shortest = Math.ceil(steps / MOST_PARTS)
  const parts: Extent[] = []
  let length = steps
  try {
    for (let done = 0; done < steps; ) {
      const count = Math.min(length, steps - done)
      const from = start + done * stepMs
      const part = await unlessTooMuch(evaluate(from, from + (count - 1) * stepMs), length > shortest)
      if (part === undefined) {
        length = Math.max(shortest, Math.ceil(count / SHORTER))
        continue
      }
      done += count
      parts.push(part)
      if (count < steps) takeResults(results, part, steps - done)
    }
  } finally {
    results.end()
  }
  return parts.length === 1 ? parts[0] : joined(parts)
}

/** Undefined if it was too much, and may be tried in shorter parts. */
async function unlessTooMuch(part: Promise<Extent>, mayBeShorter: boolean): Promise<Extent | undefined> {
  try {
    return await part
  } catch (error) {
    if (mayBeShorter && error instanceof TooMuchError) return undefined
    throw error
  }
}

/** Results of the steps to come will be as many: if those are too many, nobody waits for them. */
function takeResults(results: SampleBudget, part: Extent, stepsLeft: number): void {
  const samples = part.series.reduce((sum, { times }) => sum + times.length, 0)
  results.take(samples)
  results.checkRoom(Math.floor((samples / stepsOf(part)) * stepsLeft))
}
