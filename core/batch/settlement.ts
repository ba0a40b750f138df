import type { FormerDeadLetter } from '../journal/entry.ts'
import type { Block } from '../model/block.ts'
import type { Permit } from './credits.ts'

/**
 * How a batch ended. `nacked`: somebody could not take it and nobody downstream keeps it, so the sender should send it
 * again. `dropped`: part of it (`items`) was refused for good; sending again would not help. The worst branch decides.
 */
export type Outcome =
  | { readonly status: 'acked' }
  | { readonly status: 'dropped'; readonly items: number; readonly reason: string }
  | { readonly status: 'nacked'; readonly error: Error }

/** An entry of the journal, as it came in. */
export interface JournalEntry {
  readonly number: number
  /** Unix ms. */
  readonly time: number
  readonly block: Block
}

/** The source of a batch. Batches derived from it keep this. */
export interface Origin {
  /** Id of the component that made it: whose clock its times come from. */
  readonly source: string
  /**
   * The same for every sending of the same request: a hash of its bytes, or the number that its client gave it. Undefined if
   * the sender never sends again, or nobody asked.
   */
  readonly request?: (() => string) | undefined
  /** Set if the batch was a dead letter. */
  readonly deadLetter?: FormerDeadLetter | undefined
  /** With a journal: the entry it came from. */
  readonly entry?: JournalEntry | undefined
}

export const ACKED: Outcome = { status: 'acked' }

/** One open handle of a settlement that is watched. */
export interface WatchedHandle {
  /** The handle was passed on, or ended, with `outcome`. */
  spent(outcome?: Outcome): void
  /** Batches made of it are on their way, and decide how it ends: its owner must not use it meanwhile. */
  readonly isLent: boolean
  /** The handle was given up on: whatever its owner still does with it has no effect. */
  readonly isVoid: boolean
}

/** A handle, as its watchers see it. */
export interface Watchable {
  readonly block: Block
  readonly watched: WatchedHandle | undefined
}

/** Told of every handle of a settlement, and of its end. */
export interface SettlementWatch {
  opened(handle: Watchable, settlement: Settlement): WatchedHandle
  /** The watch of the settlement of a batch that was derived from `parents`. */
  derived(parents: readonly Watchable[]): SettlementWatch
  /** All handles have ended. `outcome` is reported next. */
  ended(outcome: Outcome): void
}

const VOID_HANDLE: WatchedHandle = { spent() {}, isLent: false, isVoid: true }

/** What is made of a void handle is void, too. */
export const VOID_WATCH: SettlementWatch = {
  opened: () => VOID_HANDLE,
  derived: () => VOID_WATCH,
  ended() {}
}

/** Stands for a settlement that checkpoints wait for. */
export type SettlementToken = object

interface SettlementOptions {
  readonly permit?: Permit | undefined
  /** Each has a handle that ends as this settlement does. */
  readonly up?: readonly Settlement[]
  readonly token?: SettlementToken | undefined
}

/** Counts the open handles that came of one batch, and reports the worst of their outcomes, once. */
export class Settlement {
  readonly origin: Origin
  readonly up: readonly Settlement[]
  readonly token: SettlementToken | undefined
  watch: SettlementWatch | undefined
  #open = 1
  #outcome: Outcome = ACKED
  #permit: Permit | undefined
  #report: (outcome: Outcome) => void

  constructor(
    origin: Origin,
    report: (outcome: Outcome) => void,
    { permit, up = NONE, token }: SettlementOptions = {}
  ) {
    this.origin = origin
    this.up = up
    this.token = token
    this.#report = report
    this.#permit = permit
  }

  /** Handles that have not ended. */
  get open(): number {
    return this.#open
  }

  /** True if a handle was nacked already: the report of it is still to come. */
  get hasFailed(): boolean {
    return this.#outcome.status === 'nacked'
  }

  add(handles: number): void {
    this.#open += handles
  }

  /** One handle ended. */
  close(outcome: Outcome): void {
    this.#outcome = worse(this.#outcome, outcome)
    if (--this.#open > 0) return
    this.#permit?.release()
    this.watch?.ended(this.#outcome)
    this.#report(this.#outcome)
  }
}

const NONE: readonly Settlement[] = []

/**
 * Tokens of the settlements that depend on nothing but one handle of each of `settlements`. A snapshot that holds those
 * handles holds all that is left of these settlements.
 */
export function tokensOf(settlements: Iterable<Settlement>): Set<SettlementToken> {
  const handles = new Map<Settlement, number>()
  const tokens = new Set<SettlementToken>()
  const add = (settlement: Settlement) => {
    const count = (handles.get(settlement) ?? 0) + 1
    handles.set(settlement, count)
    if (count < settlement.open || settlement.hasFailed) return
    if (settlement.token !== undefined) tokens.add(settlement.token)
    for (const above of settlement.up) add(above)
  }
  for (const settlement of settlements) add(settlement)
  return tokens
}

function worse(a: Outcome, b: Outcome): Outcome {
  if (a.status === 'dropped' && b.status === 'dropped') return { ...a, items: a.items + b.items }
  return SEVERITY[b.status] > SEVERITY[a.status] ? b : a
}

const SEVERITY = { acked: 0, dropped: 1, nacked: 2 }
