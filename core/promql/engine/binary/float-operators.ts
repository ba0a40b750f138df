import type { BinaryOp } from '../../ast.ts'

export type Arithmetic = (a: number, b: number) => number
export type Comparison = (a: number, b: number) => boolean

export const ARITHMETIC: ReadonlyMap<BinaryOp, Arithmetic> = new Map<BinaryOp, Arithmetic>([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
  ['%', (a, b) => a % b],
  ['^', power],
  ['atan2', (a, b) => Math.atan2(a, b)]
])

export const COMPARISONS: ReadonlyMap<BinaryOp, Comparison> = new Map<BinaryOp, Comparison>([
  ['==', (a, b) => a === b],
  ['!=', (a, b) => a !== b],
  ['>', (a, b) => a > b],
  ['<', (a, b) => a < b],
  ['>=', (a, b) => a >= b],
  ['<=', (a, b) => a <= b]
])

/** As IEEE 754 has it. JavaScript has no result for 1 and -1 to an infinite power, and for 1 to the power of NaN. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1
  return base ** exponent
}
