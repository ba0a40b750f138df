import type { DurationNode, Expr, TimeShift, VectorMatching, VectorSelector } from '../ast.ts'
import { plainFloat } from '../float-text.ts'
import { FUNCTIONS, type FunctionSignature } from '../functions.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** The syntax tree as `/api/v1/parse_query` answers it. Durations are in ms. */
export function toJson(expr: Expr): Json {
  switch (expr.type) {
    case 'numberLiteral':
      return { type: expr.type, val: plainFloat(expr.value) }
    case 'stringLiteral':
      return { type: expr.type, val: expr.value }
    case 'vectorSelector':
      return { type: expr.type, ...selectorJson(expr) }
    case 'matrixSelector': {
      const range = { range: ms(expr.rangeMs), rangeExpr: durationJson(expr.rangeExpr) }
      return { type: expr.type, ...selectorJson(expr.selector), ...range }
    }
    case 'subquery':
      return {
        type: expr.type,
        expr: toJson(expr.expr),
        range: ms(expr.rangeMs),
        rangeExpr: durationJson(expr.rangeExpr),
        step: ms(expr.stepMs ?? 0),
        stepExpr: durationJson(expr.stepExpr),
        ...shiftJson(expr)
      }
    case 'call':
      return { type: expr.type, func: functionJson(expr.func, FUNCTIONS.get(expr.func)!), args: expr.args.map(toJson) }
    case 'aggregation': {
      const { type, op, grouping, without, param } = expr
      return { type, op, expr: toJson(expr.expr), param: param === undefined ? null : toJson(param), grouping, without }
    }
    case 'binaryExpr': {
      const { type, op, bool, matching } = expr
      const sides = { lhs: toJson(expr.lhs), rhs: toJson(expr.rhs) }
      return { type, op, ...sides, matching: matching === undefined ? null : matchingJson(matching), bool }
    }
    case 'unaryExpr':
      return { type: expr.type, op: expr.op, expr: toJson(expr.expr) }
    case 'parenExpr':
      return { type: expr.type, expr: toJson(expr.expr) }
  }
}

function selectorJson(selector: VectorSelector) {
  return {
    name: selector.name ?? '',
    matchers: selector.matchers.map(({ name, op, value }) => ({ name, value, type: op })),
    ...shiftJson(selector),
    anchored: selector.extension === 'anchored',
    smoothed: selector.extension === 'smoothed'
  }
}

function shiftJson({ offsetMs, offsetExpr, at }: TimeShift) {
  return {
    offset: ms(offsetMs),
    offsetExpr: durationJson(offsetExpr),
    timestamp: typeof at === 'number' ? at : null,
    startOrEnd: typeof at === 'string' ? at : null
  }
}

/** A duration that depends on the query is 0. */
function ms(duration: number): number {
  return Number.isNaN(duration) ? 0 : duration
}

function durationJson(node: DurationNode | undefined): Json {
  if (node === undefined) return null
  if (node.type === 'numberLiteral') return { type: node.type, val: plainFloat(node.value), duration: node.duration }
  const { type, op, lhs, rhs, wrapped } = node
  return { type, op, lhs: durationJson(lhs), rhs: durationJson(rhs), wrapped }
}

/** `variadic`: how many arguments more than types there may be, plus one if the last one may be left out; -1: any number. */
function functionJson(name: string, { args, minArgs, maxArgs, returns }: FunctionSignature): Json {
  const fixed = minArgs === maxArgs
  const variadic = fixed ? 0 : maxArgs === Number.POSITIVE_INFINITY ? -1 : maxArgs - args.length + 1
  return { name, argTypes: args, variadic, returnType: returns }
}

function matchingJson({ card, labels, on, include, fillLeft, fillRight }: VectorMatching): Json {
  return { card, labels, on, include, fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null } }
}
