import type { FormerLetter } from '../journal/entry.ts'
import type { Permit } from './credits.ts'

/**
 * How a batch ended. `nacked`: somebody could not take it and nobody downstream keeps it, so the sender should send it
 * again. `dropped`: part of it (`items`) was refused for good; sending again would not help. The worst branch decides.
 */
export type Outcome =
  | { readonly status: 'acked' }
  | { readonly status: 'dropped'; readonly items: number; readonly reason: string }
  | { readonly status: 'nacked'; readonly error: Error }

/** Where a batch comes from; what becomes of it on the way keeps this. */
export interface Origin {
  /** Id of the component that made it: whose clock its times come from. */
  readonly source: string
  /** The same for every sending of the same request: a hash of its bytes. Undefined where nobody sends again. */
  readonly request?: (() => string) | undefined
  /** Where it was a dead letter. */
  readonly letter?: FormerLetter | undefined
  /** With a journal: the entry it came from. */
  readonly entry?: { readonly number: number; readonly time: number } | undefined
}

export const ACKED: Outcome = { status: 'acked' }

/** One open handle of a settlement that is watched. */
export interface WatchedHandle {
  /** The handle was passed on or ended. */
  spent(): void
  /** Batches made of it are on their way, and decide how it ends: its owner must not use it meanwhile. */
  readonly isLent: boolean
  /** The handle was given up on: whatever its owner still does with it has no effect. */
  readonly isVoid: boolean
}

/** Told of every handle of a settlement, and of how many items there are in it. */
export type HandleWatch = (handle: object, items: number, settlement: Settlement) => WatchedHandle

/** Counts the open handles of what was once one batch and reports the worst of their outcomes, once. */
export class Settlement {
  readonly origin: Origin
  /** Handles that ended so far. */
  ended = 0
  watch: HandleWatch | undefined
  #open = 1
  #outcome: Outcome = ACKED
  #permit: Permit | undefined
  #report: (outcome: Outcome) => void

  constructor(origin: Origin, report: (outcome: Outcome) => void, permit?: Permit) {
    this.origin = origin
    this.#report = report
    this.#permit = permit
  }

  add(handles: number): void {
    this.#open += handles
  }

  /** One handle ended. */
  close(outcome: Outcome): void {
    this.ended++
    this.release(outcome)
  }

  /** One handle less, which did not end by itself: it was split into others. */
  release(outcome: Outcome): void {
    this.#outcome = worse(this.#outcome, outcome)
    if (--this.#open > 0) return
    this.#permit?.release()
    this.#report(this.#outcome)
  }
}

function worse(a: Outcome, b: Outcome): Outcome {
  if (a.status === 'dropped' && b.status === 'dropped') return { ...a, items: a.items + b.items }
  return SEVERITY[b.status] > SEVERITY[a.status] ? b : a
}

const SEVERITY = { acked: 0, dropped: 1, nacked: 2 }
