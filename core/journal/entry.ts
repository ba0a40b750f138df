import type { Block } from '../model/block.ts'

/**
 * The journal's content, in order: data with the time it came in, and, if no data came, ticks that time went by. From
 * this alone processors can repeat exactly their work.
 */
export type Entry = DataEntry | TickEntry
export interface DataEntry {
  readonly kind: 'data'
  /** Unix ms, never less than in the entry before: the time processors see. */
  readonly time: number
  /** Id of the receiver. */
  readonly source: string
  readonly request: string | undefined
  readonly deadLetter?: FormerDeadLetter | undefined
  readonly block: Block
}
/** Which dead letter an entry was: that it is in the journal proves that dead letter delivered. */
export interface FormerDeadLetter {
  readonly key: string
  /** The pipelines it is for, of those its receiver feeds. Undefined: all of them. */
  readonly pipelines: readonly string[] | undefined
}
export interface TickEntry {
  readonly kind: 'tick'
  readonly time: number
}
