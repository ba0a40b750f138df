import { unnamedRows } from '../merged-rows.ts'
import { CollectedRows } from '../row-sink.ts'
import { FLOAT } from '../rows.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, scalarArg, type VectorCall, type VectorFunction } from './vector-function.ts'

/** A function of each float by itself. Histograms have no result. */
export function elementwise(func: (value: number) => number): VectorFunction {
  return call => floatRows(call, func)
}

export const round: VectorFunction = call => {
  const nearest = call.args.length > 1 ? scalarArg(call, 1) : undefined
  return floatRows(call, (value, step) => {
    // The inverse of numbers such as 0.1 is exact.
    const inverse = 1 / (nearest === undefined ? 1 : nearest[step]!)
    return Math.floor(value * inverse + 0.5) / inverse
  })
}

export const clamp: VectorFunction = call => clamped(call, scalarArg(call, 1), scalarArg(call, 2))

export const clampMin: VectorFunction = call => clamped(call, scalarArg(call, 1), undefined)

export const clampMax: VectorFunction = call => clamped(call, undefined, scalarArg(call, 1))

/** Without result where the lower bound is above the upper one. */
function clamped(call: VectorCall, min: Float64Array | undefined, max: Float64Array | undefined) {
  const lowest = (step: number) => (min === undefined ? -Infinity : min[step]!)
  const highest = (step: number) => (max === undefined ? Infinity : max[step]!)
  return floatRows(
    call,
    (value, step) => Math.max(lowest(step), Math.min(highest(step), value)),
    step => !(highest(step) < lowest(step))
  )
}

function floatRows(
  call: VectorCall,
  func: (value: number, step: number) => number,
  hasResult: (step: number) => boolean = () => true
) {
  const collected = new CollectedRows(call.query, call.times)
  for (const source of rowsArg(call, 0)) {
    const row = collected.next(source.labels, source.dropName)
    let present = false
    for (let step = 0; step < source.kinds.length; step++) {
      if (source.kinds[step] !== FLOAT || !hasResult(step)) continue
      row.kinds[step] = FLOAT
      row.values[step] = func(source.values[step]!, step)
      present = true
    }
    if (present) collected.take(row)
  }
  return vectorOf(unnamedRows(call.query, call.times, collected.rows))
}
