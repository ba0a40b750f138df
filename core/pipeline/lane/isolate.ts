import type { ExportError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import type { Range } from '../../model/ranges.ts'
import { sliceBlock } from '../../model/slice.ts'

/** One bad item of 50,000 takes 16. What is not told apart by then is refused with its neighbours. */
const MAX_SPLITS = 256
/** Of a backend that refuses whatever it gets nothing can be learnt by asking on. */
const HOPELESS_AFTER = 12

/** What the backend refused for good, and why. */
export interface Refusal extends Range {
  readonly error: ExportError
}

/** The backend has a piece, or why it never will; `unanswered`: it was not asked to the end. */
export type Answer = 'taken' | ExportError | 'unanswered'

export interface Findings {
  /** In order. */
  readonly refused: readonly Refusal[]
  /** Of the items before this one the backend has what it did not refuse. */
  readonly askedUpTo: number
}

/**
 * Finds what the backend minds in a block it refused with `error`, by halves, so that the rest gets there, in order. Ends
 * with the first piece that is `unanswered`.
 */
export async function isolate(
  block: Block,
  error: ExportError,
  attempt: (piece: Block) => Promise<Answer>
): Promise<Findings> {
  const refused: Refusal[] = []
  const pieces: (Range & { readonly error?: ExportError })[] = [{ from: 0, to: block.length, error }]
  let taken = 0
  let splits = 0
  while (pieces.length > 0) {
    const { from, to, error: known } = pieces.pop()!
    const answer = known ?? (await attempt(sliceBlock(block, from, to)))
    if (answer === 'unanswered') return { refused, askedUpTo: from }
    const isHopeless = splits >= MAX_SPLITS || (taken === 0 && splits >= HOPELESS_AFTER)
    if (answer === 'taken') taken++
    else if (to - from === 1 || isHopeless) refused.push({ from, to, error: answer })
    else {
      splits++
      const middle = (from + to) >> 1
      pieces.push({ from: middle, to }, { from, to: middle })
    }
  }
  return { refused, askedUpTo: block.length }
}
