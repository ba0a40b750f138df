import { unquote } from '../../promql/parser/strings.ts'
import type { Token } from './lexer.ts'
import type { ConstantNode } from './nodes.ts'
import { TemplateSyntaxError } from './template-error.ts'

const MOST_INT = 2n ** 63n
const HEXADECIMAL = /^[+-]?0[xX]/
const DECIMAL_FLOAT = /[.eE]/
/** An octal number as C writes it. */
const OLD_OCTAL = /^([+-]?)0(?=[0-7_]+$)/
/** Underscores stand between digits, or after the base. */
const MISPLACED_UNDERSCORE = /__|_$|_[.eE]|[.eE+-]_|^[+-]?\d[\d]*_.*[.eE]/

/** A constant of a template: a number, a character, a string or a bool. */
export function constantOf({ kind, text, at }: Token): ConstantNode {
  return { type: 'constant', at, text, value: constantValue(kind, text, at) }
}

function constantValue(kind: Token['kind'], text: string, at: number): ConstantNode['value'] {
  switch (kind) {
    case 'bool':
      return text === 'true'
    case 'number':
      return numberOf(text, at)
    case 'char':
      return characterOf(text, at)
    default:
      return stringOf(text, at)
  }
}

function numberOf(text: string, at: number): number | bigint {
  if (MISPLACED_UNDERSCORE.test(text)) throw new TemplateSyntaxError(at, `"${text}" is no number`)
  const digits = text.replaceAll('_', '')
  if (!HEXADECIMAL.test(text) && DECIMAL_FLOAT.test(text)) return floatOf(digits, text, at)
  const value = intOf(digits)
  if (value === undefined) throw new TemplateSyntaxError(at, `"${text}" is no number`)
  if (value >= MOST_INT || value < -MOST_INT)
    throw new TemplateSyntaxError(at, `${text} does not fit in 64 bits: write it with a point, as a float64`)
  return value
}

function floatOf(digits: string, text: string, at: number): number {
  const value = Number(digits)
  if (Number.isFinite(value)) return value
  throw new TemplateSyntaxError(at, `${text} is no number that a float64 can hold`)
}

function intOf(text: string): bigint | undefined {
  const isNegative = text.startsWith('-')
  const digits = text.replace(OLD_OCTAL, '$10o').replace(/^[+-]/, '')
  if (!/^(?:0|[1-9]\d*|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(digits)) return undefined
  return isNegative ? -BigInt(digits) : BigInt(digits)
}

function characterOf(text: string, at: number): bigint {
  const value = stringOf(text, at)
  const point = value.codePointAt(0)!
  if (value !== String.fromCodePoint(point))
    throw new TemplateSyntaxError(at, `${text} is more than one character: quote a string by "`)
  return BigInt(point)
}

function stringOf(text: string, at: number): string {
  const unquoted = unquote(text)
  if ('problem' in unquoted) throw new TemplateSyntaxError(at + unquoted.at, unquoted.problem)
  return unquoted.value
}
