import type { ExportError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import { sliceBlock } from '../../model/slice.ts'

/** One bad item of 50,000 takes 16. What is not told apart by then is refused with its neighbours. */
const MAX_SPLITS = 256
/** Of a backend that refuses whatever it gets nothing can be learnt by asking on. */
const HOPELESS_AFTER = 12

/** Items `from` up to, not including, `to`, and why the backend refused them for good. */
export interface Refusal {
  readonly from: number
  readonly to: number
  readonly error: ExportError
}

/**
 * Finds what the backend minds in a block it refused with `error`, by halves, so that the rest gets there, in order.
 * @param attempt resolves once the backend has the piece, or to why it never will
 * @returns what was refused, in order
 */
export async function isolate(
  block: Block,
  error: ExportError,
  attempt: (piece: Block) => Promise<ExportError | undefined>
): Promise<Refusal[]> {
  const refused: Refusal[] = []
  const pieces: { readonly from: number; readonly to: number; readonly error?: ExportError }[] = [
    { from: 0, to: block.length, error }
  ]
  let taken = 0
  let splits = 0
  while (pieces.length > 0) {
    const { from, to, error: known } = pieces.pop()!
    const why = known ?? (await attempt(sliceBlock(block, from, to)))
    const isHopeless = splits >= MAX_SPLITS || (taken === 0 && splits >= HOPELESS_AFTER)
    if (why === undefined) taken++
    else if (to - from === 1 || isHopeless) refused.push({ from, to, error: why })
    else {
      splits++
      const middle = (from + to) >> 1
      pieces.push({ from: middle, to }, { from, to: middle })
    }
  }
  return refused
}
