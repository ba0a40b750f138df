// Answers of the query API about events: see extensions/query_api/README.md.
import type { EventQuestion } from '../../core/admin/dashboards/event-question.ts'
import { ask, type Labels } from '../app/promql.ts'

/** Numbers of a group of events. Of distinct values there are `uniques`. */
export interface Counted {
  readonly count: number
  readonly uniques?: number
  /** Time in s, then the number of events or of distinct values. */
  readonly points?: readonly (readonly [number, number, number | null])[]
}

export interface GroupsAnswer {
  readonly result: readonly (Counted & { readonly labels: Labels })[]
  /** All groups but the largest. */
  readonly other?: Counted
}

export interface TopAnswer {
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly other?: Counted
}

export interface FunnelStep {
  readonly actors: number
  /** Null if there is nobody to compare with. */
  readonly from_first: number | null
  readonly from_previous: number | null
}

export interface FunnelAnswer {
  readonly steps?: readonly FunnelStep[]
  /** With `by`, in place of `steps`. */
  readonly result?: readonly { readonly labels: Labels; readonly steps: readonly FunnelStep[] }[]
  readonly other?: { readonly steps: readonly FunnelStep[] }
}

export interface RetentionAnswer {
  /** s */
  readonly period: number
  readonly cohorts: readonly {
    /** s since 1970 */
    readonly start: number
    readonly actors: number
    readonly returned: readonly number[]
    readonly share: readonly (number | null)[]
  }[]
}

export interface EventRange {
  /** s since 1970 */
  readonly from: number
  readonly to: number
  /** s; undefined: only the whole range is counted */
  readonly step?: number
}

export async function askEvents<T>(question: EventQuestion, range: EventRange, signal: AbortSignal): Promise<T> {
  const { from, to, step } = range
  const { path, parameters } = question
  const times = { start: String(from), end: String(to), step: step === undefined ? undefined : `${step}s` }
  return (await ask<T>(`events/${path}`, { ...parameters, ...times }, signal)).data
}

export const countOf = ({ uniques, count }: Counted): number => uniques ?? count
