import { levenshtein } from '../../packages.ts'
import type { Aggregation, Call, Expr, ValueType } from '../ast.ts'
import { FUNCTIONS, type FunctionSignature } from '../functions.ts'
import { documentedType, valueTypeOf } from '../value-type.ts'
import type { Cursor } from './cursor.ts'
import { readNumber } from './durations.ts'
import {
  isAggregation,
  isExperimentalAggregation,
  parameterType,
  precedenceOf,
  RESERVED,
  SIGN_PRECEDENCE
} from './keywords.ts'
import { readLabels } from './label-list.ts'
import type { Token } from './lexer.ts'
import { binaryExpr, readBinaryModifiers } from './matching.ts'
import { readModifiers } from './modifiers.ts'
import { readSelector, selectsSomething } from './selector.ts'

const METRIC_OR_FUNCTION = /^[a-z_][a-z0-9_]*$/i
/** A name is likely a typing error of another if no more letters differ. */
const TYPING_ERROR = 3

/** Reads an expression whose operators bind no looser than `lowest`. Operators are those of {@link precedenceOf}. */
export function readExpression(cursor: Cursor, lowest = 0): Expr {
  let lhs = readSigned(cursor)
  for (;;) {
    const op = cursor.token
    const precedence =
      op.kind === 'symbol' || op.kind === 'identifier' ? precedenceOf(op.text.toLowerCase()) : undefined
    if (precedence === undefined || precedence < lowest) return lhs
    cursor.take()
    const modifiers = readBinaryModifiers(cursor)
    const rhs = cursor.nested(() => readExpression(cursor, op.text === '^' ? precedence : precedence + 1))
    lhs = binaryExpr(cursor, op, lhs, rhs, modifiers)
  }
}

function readSigned(cursor: Cursor): Expr {
  const op = cursor.token
  if (!cursor.at('-') && !cursor.at('+')) return readModifiers(cursor, readOperand(cursor))
  cursor.take()
  const expr = cursor.nested(() => readExpression(cursor, SIGN_PRECEDENCE))
  const span = { from: op.from, to: cursor.end }
  if (expr.type === 'numberLiteral')
    return cursor.node({ ...expr, span, value: op.text === '-' ? -expr.value : expr.value })
  const type = valueTypeOf(expr)
  if (type !== 'scalar' && type !== 'vector')
    throw cursor.error(span, `signs are only allowed for scalars and instant vectors, got ${documentedType(type)}`)
  return cursor.node({ type: 'unaryExpr', span, op: op.text as '+' | '-', expr }, expr)
}

function readOperand(cursor: Cursor): Expr {
  const { token } = cursor
  const { from } = token
  if (token.kind === 'string') {
    const value = cursor.takeString()
    return cursor.node({ type: 'stringLiteral', span: { from, to: cursor.end }, value })
  }
  if (cursor.accept('(')) {
    const expr = cursor.nested(() => readExpression(cursor))
    cursor.expect(')', 'parentheses')
    return cursor.node({ type: 'parenExpr', span: { from, to: cursor.end }, expr }, expr)
  }
  if (cursor.at('{')) return selector(cursor, undefined)
  const word = cursor.word()
  if (word === undefined || word === 'inf' || word === 'nan')
    return readNumber(cursor, 'expression', 'metric name, function, number, string, "(" or "{"')
  if (RESERVED.has(word))
    throw cursor.error(token, `unexpected keyword "${token.text}"; a metric of that name is {"${token.text}"}`)
  return readNamed(cursor, word)
}

/** Reads what begins with a name: an aggregation, a call, or a selector. */
function readNamed(cursor: Cursor, word: string): Expr {
  const name = cursor.take()
  const next = cursor.word()
  if (isAggregation(word) && (cursor.at('(') || next === 'by' || next === 'without'))
    return readAggregation(cursor, name)
  return cursor.at('(') ? readCall(cursor, name) : selector(cursor, name)
}

function selector(cursor: Cursor, name: Token | undefined): Expr {
  const read = readSelector(cursor, name)
  if (selectsSomething(read)) return read
  const hint = 'all series would be read; {__name__=~".+"} says so'
  throw cursor.error(read.span, `vector selector must contain at least one non-empty matcher: ${hint}`)
}

function readAggregation(cursor: Cursor, name: Token): Aggregation {
  const op = name.text.toLowerCase() as Aggregation['op']
  if (isExperimentalAggregation(op) && !cursor.experimental)
    throw cursor.error(name, `${op}() is experimental and not enabled`)
  const before = readGrouping(cursor)
  const args = readArguments(cursor, 'aggregation', () => readExpression(cursor))
  const grouping = before ?? readGrouping(cursor)
  const span = { from: name.from, to: cursor.end }
  const type = parameterType(op)
  const wanted = type === undefined ? 1 : 2
  if (args.length !== wanted) {
    const shape = type === undefined ? `${op}(vector)` : `${op}(parameter, vector)`
    throw cursor.error(span, `expected ${wanted} argument(s) in aggregation ${shape}, got ${args.length}`)
  }
  const param = type === undefined ? undefined : args[0]!
  const expr = args.at(-1)!
  expectType(cursor, expr, 'vector', `aggregation ${op}`)
  if (param !== undefined && type !== undefined) expectType(cursor, param, type, `parameter of ${op}`)
  return cursor.node(
    {
      type: 'aggregation',
      span,
      op,
      expr,
      param,
      grouping: grouping?.labels ?? [],
      without: grouping?.without ?? false
    },
    expr,
    param
  )
}

function readGrouping(cursor: Cursor): { labels: string[]; without: boolean } | undefined {
  const word = cursor.word()
  if (word !== 'by' && word !== 'without') return undefined
  cursor.take()
  return { labels: readLabels(cursor), without: word === 'without' }
}

function readCall(cursor: Cursor, name: Token): Call {
  const signature = FUNCTIONS.get(name.text)
  if (signature === undefined) throw cursor.error(name, unknownFunction(name.text))
  if (signature.experimental && !cursor.experimental)
    throw cursor.error(name, `function "${name.text}" is experimental and not enabled`)
  const args = readArguments(cursor, `call of ${name.text}`, i => {
    if (name.text !== 'info' || i !== 1) return readExpression(cursor)
    // It may match series without its labels: which ones are read depends on the first argument.
    if (!cursor.at('{')) throw cursor.unexpected('call of info', 'label selectors only: {…}')
    return readModifiers(cursor, readSelector(cursor, undefined))
  })
  const span = { from: name.from, to: cursor.end }
  const { minArgs, maxArgs } = signature
  if (args.length < minArgs || args.length > maxArgs)
    throw cursor.error(
      span,
      `expected ${countText(signature)} argument(s) in call to "${name.text}", got ${args.length}`
    )
  for (const [i, arg] of args.entries())
    expectType(cursor, arg, signature.args[i] ?? signature.args.at(-1)!, `call to function "${name.text}"`)
  return cursor.node({ type: 'call', span, func: name.text, args }, ...args)
}

function readArguments(cursor: Cursor, context: string, read: (index: number) => Expr): Expr[] {
  const args: Expr[] = []
  cursor.expect('(', context)
  if (cursor.accept(')')) return args
  do args.push(cursor.nested(() => read(args.length)))
  while (cursor.accept(','))
  cursor.expect(')', context, '"," or ")"')
  return args
}

function expectType(cursor: Cursor, expr: Expr, wanted: ValueType, context: string): void {
  const type = valueTypeOf(expr)
  if (type === wanted) return
  const hint =
    wanted === 'matrix' && type === 'vector'
      ? '; add a range such as [5m], or [5m:] behind an expression'
      : wanted === 'vector' && type === 'matrix'
        ? '; remove the range, or put a function such as rate() around'
        : ''
  throw cursor.error(
    expr.span,
    `expected type ${documentedType(wanted)} in ${context}, got ${documentedType(type)}${hint}`
  )
}

function countText({ minArgs, maxArgs }: FunctionSignature): string {
  if (minArgs === maxArgs) return String(minArgs)
  return maxArgs === Number.POSITIVE_INFINITY ? `at least ${minArgs}` : `${minArgs} to ${maxArgs}`
}

function unknownFunction(name: string): string {
  const problem = `unknown function with name "${name}"`
  if (!METRIC_OR_FUNCTION.test(name) || name.length > 40) return problem
  const { closest, distance } = levenshtein()
  const best = closest(name.toLowerCase(), [...FUNCTIONS.keys()])
  return distance(name.toLowerCase(), best) <= TYPING_ERROR ? `${problem}; did you mean "${best}"?` : problem
}
