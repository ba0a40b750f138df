import type { Labels } from '../promql/labels.ts'

/** One series of an instant query. */
export interface VectorResult {
  readonly labels: Labels
  readonly value: number
}

/**
 * Evaluates an expression of PromQL at one time. Rejects with an error for the user.
 * @param time Unix ms
 */
export type AskVector = (query: string, time: number) => Promise<VectorResult[]>

/** A sample that a rule has made. */
export interface RuleSample {
  readonly labels: Labels
  /** Unix ms. */
  readonly time: number
  readonly value: number
  /** The series ends here: its rule does not make it any more. */
  readonly isStale: boolean
}

/** A rule whose evaluation failed. The message is for the author of the rule. */
export class RuleError extends Error {
  override readonly name = 'RuleError'
}
