import type { Matcher } from './matcher.ts'
import type { Span } from './span.ts'

/**
 * The syntax tree of a PromQL expression, after type checks. Node types have the names that Prometheus's
 * `/api/v1/parse_query` gives them: https://prometheus.io/docs/prometheus/latest/querying/basics/
 */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryExpr
  | UnaryExpr
  | ParenExpr

export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix'

interface Node {
  readonly span: Span
}

export interface NumberLiteral extends Node {
  readonly type: 'numberLiteral'
  /** Of a duration: seconds. */
  readonly value: number
  /** True if it was written as a duration, such as `5m`. */
  readonly duration: boolean
}

export interface StringLiteral extends Node {
  readonly type: 'stringLiteral'
  readonly value: string
}

/** A fixed evaluation time: Unix ms, or the start or end of the query's range. */
export type AtModifier = number | 'start' | 'end'

/**
 * A duration that is computed (experimental). Durations in ms beside it are NaN until `resolveDurations` has replaced them.
 * `step` and `range` have no side, signs have the right one only.
 */
export interface DurationExpr extends Node {
  readonly type: 'durationExpr'
  readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'step' | 'range' | 'min_of' | 'max_of'
  readonly lhs: DurationNode | undefined
  readonly rhs: DurationNode | undefined
  /** Stands in parentheses. */
  readonly wrapped: boolean
}

export type DurationNode = NumberLiteral | DurationExpr

/** The modifiers `offset` and `@` of selectors and subqueries. */
export interface TimeShift {
  readonly offsetMs: number
  readonly offsetExpr?: DurationExpr | undefined
  readonly at: AtModifier | undefined
}

export interface VectorSelector extends Node, TimeShift {
  readonly type: 'vectorSelector'
  /** The metric's name, if it is written before the braces. It is the last one of the matchers too. */
  readonly name: string | undefined
  readonly matchers: readonly Matcher[]
  /** Modifier of range selectors (experimental): how samples at the bounds of the range are found. */
  readonly extension?: 'anchored' | 'smoothed' | undefined
}

export interface MatrixSelector extends Node {
  readonly type: 'matrixSelector'
  /** Has the modifiers. */
  readonly selector: VectorSelector
  readonly rangeMs: number
  readonly rangeExpr?: DurationExpr | undefined
}

export interface Subquery extends Node, TimeShift {
  readonly type: 'subquery'
  readonly expr: Expr
  readonly rangeMs: number
  readonly rangeExpr?: DurationExpr | undefined
  /** Undefined: the default step of the engine. */
  readonly stepMs: number | undefined
  readonly stepExpr?: DurationExpr | undefined
}

export interface Call extends Node {
  readonly type: 'call'
  /** A key of the table of functions. */
  readonly func: string
  readonly args: readonly Expr[]
}

export interface Aggregation extends Node {
  readonly type: 'aggregation'
  readonly op: AggregationOp
  readonly expr: Expr
  /** Of `topk`, `bottomk`, `quantile`, `count_values`, `limitk` and `limit_ratio`. */
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  /** True if `grouping` names the labels to remove, false if it names those to keep. */
  readonly without: boolean
}

export type AggregationOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'quantile'
  | 'count_values'
  | 'limitk'
  | 'limit_ratio'

export interface BinaryExpr extends Node {
  readonly type: 'binaryExpr'
  readonly op: BinaryOp
  readonly lhs: Expr
  readonly rhs: Expr
  /** The modifier `bool` of a comparison. */
  readonly bool: boolean
  /** Undefined unless both sides are vectors. */
  readonly matching: VectorMatching | undefined
}

export type BinaryOp =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | 'atan2'
  | '=='
  | '!='
  | '>'
  | '<'
  | '>='
  | '<='
  | '</'
  | '>/'
  | 'and'
  | 'or'
  | 'unless'

export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  /** Labels of `on` or `ignoring`. */
  readonly labels: readonly string[]
  readonly on: boolean
  /** Labels of `group_left` or `group_right`, which come from the side of one. */
  readonly include: readonly string[]
  /** Values of the modifiers `fill`, `fill_left` and `fill_right`: they stand for a series without a partner. */
  readonly fillLeft: number | undefined
  readonly fillRight: number | undefined
}

export interface UnaryExpr extends Node {
  readonly type: 'unaryExpr'
  readonly op: '+' | '-'
  readonly expr: Expr
}

export interface ParenExpr extends Node {
  readonly type: 'parenExpr'
  readonly expr: Expr
}
