import type { Row } from './rows.ts'

/** The value of an expression at all evaluation times. Range vectors exist as arguments of functions only. */
export type Value = ScalarValue | StringValue | VectorValue

export interface ScalarValue {
  readonly type: 'scalar'
  readonly values: Float64Array
}

export interface StringValue {
  readonly type: 'string'
  readonly value: string
}

export interface VectorValue {
  readonly type: 'vector'
  readonly rows: Row[]
}

export function vectorOf(rows: Row[]): VectorValue {
  return { type: 'vector', rows }
}
