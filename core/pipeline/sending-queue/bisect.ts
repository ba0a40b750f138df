import type { Block } from '../../model/block.ts'
import { pickItems, type Range, unpicked } from '../../model/ranges.ts'
import type { Failure } from './failure.ts'

/** One bad item of 50,000 takes 16. What is not told apart by then is refused with its neighbours. */
const MAX_SPLITS = 256
/** So many bad places before anything is taken: nothing can be learnt by asking on. */
const HOPELESS_AFTER = 12

/** Items that are given up, and why. */
export interface Rejection extends Range {
  readonly failure: Failure
}

/** The backend has a piece, or why it has not; `unanswered`: it was not asked to the end. */
export type Answer = 'taken' | Failure | 'unanswered'

/** A part of the block, and its failure if that is known already. */
export type Piece = Range & { readonly failure?: Failure }

interface Asking {
  /** @param isDoubted set if it failed before with an unknown error, so that this answer decides */
  attempt(piece: Block, isDoubted: boolean): Promise<Answer>
  /** A probe says that the backend is well before a piece is tried. */
  readonly isProbed: boolean
}

/** The backend has the items that are neither `refused` nor `left`. */
export interface Findings {
  /** In order. */
  readonly refused: readonly Rejection[]
  /** Still to be exported, in order. */
  readonly left: readonly Range[]
}

/**
 * Finds the bad items of a block, by halves, so that the rest gets to the backend. Ends with the first piece that is
 * `unanswered`. Items that the backend names as failed are not looked for, and left if they may be tried again.
 *
 * An item that fails with an `unknown` error is in doubt, for the backend may be gone. It is tried again once the
 * backend has answered for another piece, and given up if it fails again. One answer decides about one item only, or an
 * outage that follows it would cost them all; with a probe it decides about all. Items still in doubt at the end are
 * left.
 */
export async function bisect(block: Block, pieces: readonly Piece[], asking: Asking): Promise<Findings> {
  const search = new Search(pieces)
  for (let piece = search.next(asking.isProbed); piece !== undefined; piece = search.next(asking.isProbed)) {
    const answer = piece.failure ?? (await asking.attempt(pickItems(block, [piece]), piece.isDoubted))
    if (answer === 'unanswered') {
      search.stop(piece)
      break
    }
    search.answered(piece, answer)
  }
  return search.findings
}

type Asked = Piece & { readonly isDoubted: boolean }

class Search {
  /** The next one last. */
  #waiting: Asked[]
  #doubted: Range[] = []
  #refused: Rejection[] = []
  #left: Range[] = []
  #taken = 0
  #splits = 0
  #hasAnswered = false
  /** The backend has answered for a piece since an item in doubt was tried again. */
  #canDecide = false

  constructor(pieces: readonly Piece[]) {
    this.#waiting = pieces.map(piece => ({ ...piece, isDoubted: false })).reverse()
  }

  get findings(): Findings {
    const left = [...this.#left, ...this.#doubted].map(({ from, to }) => ({ from, to }))
    return { refused: this.#refused.sort(inOrder), left: left.sort(inOrder) }
  }

  next(isProbed: boolean): Asked | undefined {
    const isDecidable = this.#canDecide || (isProbed && this.#hasAnswered && this.#waiting.length === 0)
    if (this.#doubted.length === 0 || !isDecidable) return this.#waiting.pop()
    this.#canDecide = false
    return { ...this.#doubted.shift()!, isDoubted: true }
  }

  stop(at: Range): void {
    this.#left.push(at, ...this.#waiting)
  }

  answered(piece: Asked, answer: Failure | 'taken'): void {
    const isTaken = answer === 'taken' || answer.failed !== undefined
    if (isTaken) this.#taken++
    if (isTaken || answer.kind === 'refused') {
      this.#hasAnswered = true
      // An answer of before an item came into doubt says nothing about the time since.
      this.#canDecide = this.#doubted.length > 0
    }
    if (answer === 'taken') return
    const isWhole = piece.to - piece.from === 1 || this.#isHopeless(answer)
    if (answer.failed !== undefined) this.#end(unpicked(answer.failed, [piece]), answer, false)
    else if (isWhole) this.#end([piece], answer, answer.kind === 'unknown' && !piece.isDoubted)
    else this.#split(piece)
  }

  #isHopeless({ kind }: Failure): boolean {
    const bad = kind === 'unknown' ? this.#doubted.length : this.#refused.length
    return this.#splits >= MAX_SPLITS || (this.#taken === 0 && bad >= HOPELESS_AFTER)
  }

  #end(ranges: readonly Range[], failure: Failure, isInDoubt: boolean): void {
    if (isInDoubt) this.#doubted.push(...ranges)
    else if (failure.kind === 'transient') this.#left.push(...ranges)
    else this.#refused.push(...ranges.map(({ from, to }) => ({ from, to, failure })))
  }

  #split({ from, to }: Range): void {
    this.#splits++
    const middle = (from + to) >> 1
    this.#waiting.push({ from: middle, to, isDoubted: false }, { from, to: middle, isDoubted: false })
  }
}

export const inOrder = (a: Range, b: Range) => a.from - b.from
