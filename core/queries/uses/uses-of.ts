import type { SeriesUse } from '../../plugin/stores.ts'
import type { Aggregation, AggregationOp, BinaryExpr, Call, Expr, VectorSelector } from '../../promql/ast.ts'
import { METRIC_NAME } from '../../promql/labels.ts'
import type { Matcher } from '../../promql/matcher.ts'

/** Their result is the same if series are added up before. */
const ADDITIVE_AGGREGATIONS: ReadonlySet<AggregationOp> = new Set(['sum', 'group'])
/** Their result has all labels of the series that they choose. */
const CHOOSING_AGGREGATIONS: ReadonlySet<AggregationOp> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio'])
/** Functions of series whose sum is the function of the sum. */
const ADDITIVE_FUNCTIONS = new Set(
  'rate increase delta irate idelta deriv sum_over_time avg_over_time last_over_time label_replace label_join'.split(
    ' '
  )
)
/** Functions of the sums of buckets. */
const BUCKET_FUNCTIONS = new Set(['histogram_quantile', 'histogram_fraction'])
/** Their result has no labels but those of equal matchers. */
const EMPTYING_FUNCTIONS = new Set(['absent', 'absent_over_time', 'scalar'])
/** A regular expression of names alone. */
const ALTERNATIVES = /^[\w:|]+$/

/** The labels of a part of a query that its result depends on. */
interface Wanted {
  readonly names: ReadonlySet<string>
  /** All others but these. Undefined: no others. */
  readonly except: ReadonlySet<string> | undefined
}

const NOTHING: Wanted = { names: new Set(), except: undefined }
const EVERYTHING: Wanted = { names: new Set(), except: new Set() }

/** The labels of each metric that the result of a query depends on. */
export function usesOf(expr: Expr): SeriesUse[] {
  const uses: SeriesUse[] = []
  visit(expr, EVERYTHING, uses)
  return uses
}

/** The same for questions about series. @param isShown true if the answer has all their labels */
export function usesOfMatchers(matchers: readonly Matcher[], isShown: boolean): SeriesUse[] {
  return usesOfSelector(matchers, isShown ? EVERYTHING : NOTHING)
}

function visit(expr: Expr, wanted: Wanted, uses: SeriesUse[]): void {
  switch (expr.type) {
    case 'vectorSelector':
      return void uses.push(...usesOfSelector((expr satisfies VectorSelector).matchers, wanted))
    case 'matrixSelector':
      return visit(expr.selector, wanted, uses)
    case 'subquery':
    case 'unaryExpr':
    case 'parenExpr':
      return visit(expr.expr, wanted, uses)
    case 'call':
      return visitCall(expr, wanted, uses)
    case 'aggregation':
      return visitAggregation(expr, wanted, uses)
    case 'binaryExpr':
      return visitBinary(expr, wanted, uses)
  }
}

function usesOfSelector(matchers: readonly Matcher[], { names, except }: Wanted): SeriesUse[] {
  const own = matchers.filter(({ name }) => name !== METRIC_NAME).map(({ name }) => name)
  const labels = [...new Set([...own, ...names])]
  const all = except === undefined ? {} : { allExcept: [...except] }
  return namesOf(matchers).map(metric => ({ metric, labels, ...all }))
}

/** Undefined stands for any. */
function namesOf(matchers: readonly Matcher[]): (string | undefined)[] {
  const named = matchers.find(({ name, op }) => name === METRIC_NAME && (op === '=' || op === '=~'))
  if (named === undefined) return [undefined]
  if (named.op === '=') return [named.value]
  return ALTERNATIVES.test(named.value) ? named.value.split('|') : [undefined]
}

function visitCall({ func, args }: Call, wanted: Wanted, uses: SeriesUse[]): void {
  let inner = ADDITIVE_FUNCTIONS.has(func) ? wanted : everythingBut(wanted)
  if (EMPTYING_FUNCTIONS.has(func)) inner = NOTHING
  if (BUCKET_FUNCTIONS.has(func)) inner = withNames(wanted, ['le'])
  // These have labels as their arguments, in texts.
  if (func.startsWith('label_') || func.startsWith('sort_by_label')) inner = withNames(inner, textsOf(args))
  for (const arg of args) visit(arg, inner, uses)
}

function visitAggregation(
  { op, expr, param, grouping, without }: Aggregation,
  wanted: Wanted,
  uses: SeriesUse[]
): void {
  if (param !== undefined) visit(param, NOTHING, uses)
  if (CHOOSING_AGGREGATIONS.has(op)) return visit(expr, withNames(everythingBut(wanted), grouping), uses)
  const named: Wanted = without
    ? { names: wanted.names, except: new Set(grouping) }
    : { names: new Set(grouping), except: undefined }
  visit(expr, ADDITIVE_AGGREGATIONS.has(op) ? named : { ...named, except: new Set() }, uses)
}

function visitBinary({ op, lhs, rhs, matching }: BinaryExpr, wanted: Wanted, uses: SeriesUse[]): void {
  if (matching === undefined) {
    const inner = op === '*' || op === '/' ? wanted : everythingBut(wanted)
    visit(lhs, inner, uses)
    visit(rhs, inner, uses)
    return
  }
  const { labels, include, on } = matching
  const names = withNames(wanted, [...include, ...(on ? labels : [])])
  const inner = on ? names : { ...names, except: new Set(labels) }
  visit(lhs, inner, uses)
  visit(rhs, inner, uses)
}

/** All labels, since the result depends on every single series. */
function everythingBut({ names, except }: Wanted): Wanted {
  return { names, except: except ?? new Set() }
}

const withNames = ({ names, except }: Wanted, more: readonly string[]): Wanted => ({
  names: new Set([...names, ...more]),
  except
})

function textsOf(args: readonly Expr[]): string[] {
  return args.flatMap(arg => (arg.type === 'stringLiteral' ? [arg.value] : []))
}
