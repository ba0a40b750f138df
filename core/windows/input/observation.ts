import type { DistinctSketch, MemberSet } from '../../model/distribution.ts'
import type { Increment } from './cumulative-state.ts'

/** The contribution of one point or event to its group. */
export interface Observation extends Increment {
  /** Unix ms. */
  time: number
  /** The value itself, NaN if there is not exactly one. */
  value: number
  /** Least and greatest of the values; NaN if unknown. */
  min: number
  max: number
  /** Members to count as distinct. */
  members: MemberSet | DistinctSketch | undefined
  /** One more member. */
  member: string | undefined
}

/** The rule has counted the item, or needs no more of it. */
export const COUNTED = 1
/** The drop is booked. */
export const DROPPED = 2
export type Recording = typeof COUNTED | typeof DROPPED

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
