import type { DistinctSketch, MemberSet } from '../../model/distribution.ts'
import type { Increment } from './cumulative-state.ts'

/** What one point or event adds to its group. */
export interface Observation extends Increment {
  /** Unix ms. */
  time: number
  /** The value itself, NaN where there is not exactly one. */
  value: number
  /** Of the values; NaN where unknown. */
  min: number
  max: number
  /** Whose distinct number is wanted. */
  members: MemberSet | DistinctSketch | undefined
  /** One more of them. */
  member: string | undefined
}

/** What became of an item that a rule looked at. */
export const COUNTED = 1
/** The drop is booked. */
export const DROPPED = 2
export type Verdict = typeof COUNTED | typeof DROPPED

export function newObservation(): Observation {
  return {
    slot: 0,
    time: 0,
    sum: 0,
    count: 0,
    value: Number.NaN,
    min: Number.NaN,
    max: Number.NaN,
    histogram: undefined,
    members: undefined,
    member: undefined
  }
}
