import { Labels } from '../../labels.ts'
import { newRow } from '../query.ts'
import { FLOAT } from '../rows.ts'
import { timeAt } from '../times.ts'
import { type ScalarValue, vectorOf } from '../value.ts'
import { rowsArg, scalarArg, type VectorCall, type VectorFunction } from './vector-function.ts'

/** Unix seconds of each evaluation time. */
export const time: VectorFunction = call => scalarBy(call, step => timeAt(call.times, step) / 1000)

export const pi: VectorFunction = call => scalarBy(call, () => Math.PI)

// Seconds of the whole query, also within subqueries.

export const start: VectorFunction = call => scalarBy(call, () => call.query.settings.start / 1000)

export const end: VectorFunction = call => scalarBy(call, () => call.query.settings.end / 1000)

export const step: VectorFunction = call => scalarBy(call, () => call.query.stepMs / 1000)

export const range: VectorFunction = call => {
  const { settings } = call.query
  return scalarBy(call, () => (settings.end - settings.start) / 1000)
}

export const minOf: VectorFunction = call => {
  const [a, b] = [scalarArg(call, 0), scalarArg(call, 1)]
  return scalarBy(call, index => Math.min(a[index]!, b[index]!))
}

export const maxOf: VectorFunction = call => {
  const [a, b] = [scalarArg(call, 0), scalarArg(call, 1)]
  return scalarBy(call, index => Math.max(a[index]!, b[index]!))
}

/** The float of a vector that has one only, otherwise NaN. */
export const scalar: VectorFunction = call => {
  const rows = rowsArg(call, 0)
  const counts = new Uint32Array(call.times.count)
  const values = new Float64Array(call.times.count)
  for (const { kinds, values: own } of rows) {
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] !== FLOAT) continue
      counts[i]!++
      values[i] = own[i]!
    }
  }
  return scalarBy(call, index => (counts[index] === 1 ? values[index]! : NaN))
}

export const vector: VectorFunction = call => {
  const row = newRow(call.query, call.times, Labels.NONE, false)
  row.values.set(scalarArg(call, 0))
  row.kinds.fill(FLOAT)
  return vectorOf([row])
}

function scalarBy(call: VectorCall, valueAt: (step: number) => number): ScalarValue {
  call.query.budget.take(call.times.count)
  return { type: 'scalar', values: Float64Array.from({ length: call.times.count }, (_, index) => valueAt(index)) }
}
