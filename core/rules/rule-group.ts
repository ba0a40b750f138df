import type { Expr } from '../promql/ast.ts'

/** Prometheus's rule files: https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/ */
export interface RuleGroup {
  /** The file it stands in, as it was given. */
  readonly file: string
  readonly name: string
  /** ms; undefined: the default of whoever evaluates it. */
  readonly intervalMs: number | undefined
  /** How long before their evaluation rules look, in ms; undefined: the default of whoever evaluates it. */
  readonly queryOffsetMs: number | undefined
  /** Most series or alerts that a rule may make; 0: any number. */
  readonly limit: number
  readonly rules: readonly Rule[]
}

export type Rule = RecordingRule | AlertingRule

interface RuleParts {
  readonly expr: Expr
  /** The expression in its canonical text. */
  readonly query: string
  /** Those of the group and of the rule. */
  readonly labels: Readonly<Record<string, string>>
}

export interface RecordingRule extends RuleParts {
  readonly kind: 'recording'
  /** The metric's name. */
  readonly name: string
}

export interface AlertingRule extends RuleParts {
  readonly kind: 'alerting'
  readonly name: string
  /** How long the expression must have results until the alert fires, in ms. */
  readonly forMs: number
  /** How long the alert goes on to fire without results, in ms. */
  readonly keepFiringForMs: number
  readonly annotations: Readonly<Record<string, string>>
}
