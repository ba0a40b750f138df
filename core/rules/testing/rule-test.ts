import type { Position } from '../../config/problems.ts'
import type { Labels } from '../../promql/labels.ts'
import type { NotedHistogram } from '../../promql/notation/histogram-notation.ts'
import type { NotedSeries } from '../../promql/notation/series-notation.ts'

/** The tests of one file. */
export interface RuleTestFile {
  /** Files and patterns, relative to the folder of the tests. */
  readonly ruleFiles: readonly { readonly pattern: string; readonly position: Position }[]
  readonly evaluationMs: number
  /** Names of groups, in the order of their evaluation. */
  readonly order: readonly { readonly group: string; readonly position: Position }[]
  /** Values may differ in their last bit. */
  readonly isFuzzy: boolean
  readonly tests: readonly RuleTest[]
}

/** Series, and what the rules and queries make of them. */
export interface RuleTest {
  readonly position: Position
  /** Empty if it has none. */
  readonly name: string
  /** Between the samples of a series, in ms. */
  readonly intervalMs: number
  /** Unix ms. */
  readonly start: number
  readonly series: readonly NotedSeries[]
  readonly alerts: readonly ExpectedAlerts[]
  readonly queries: readonly ExpectedSamples[]
  readonly externalLabels: Readonly<Record<string, string>>
  readonly externalUrl: string
}

/** The firing alerts of one name at one time. */
export interface ExpectedAlerts {
  readonly position: Position
  /** ms since the start. */
  readonly time: number
  readonly alertname: string
  readonly alerts: readonly ExpectedAlert[]
}

export interface ExpectedAlert {
  /** With `alertname`. */
  readonly labels: Labels
  readonly annotations: Labels
}

/** The result of a query at one time. */
export interface ExpectedSamples {
  readonly position: Position
  /** ms since the start. */
  readonly time: number
  readonly text: string
  readonly samples: readonly { readonly labels: Labels; readonly value: number | NotedHistogram }[]
}
