import { QueryError } from '../../query-error.ts'
import { type ParameterCall, paramSpan } from './parameter-aggregation.ts'

/** Prometheus's counts have 64 bits. */
const MOST = 2 ** 63

/** The numbers of rows to choose at each time. Throws a {@link QueryError} if one is no count. */
export function countsOf(call: ParameterCall): Float64Array {
  const problem = call.param.map(checkedCount).findIndex(Number.isNaN)
  if (problem === -1) return call.param.map(Math.trunc)
  const count = call.param[problem]!
  const reason = count > 0 ? `Scalar value ${count} overflows int64` : `Scalar value ${count} underflows int64`
  throw new QueryError('execution', Number.isNaN(count) ? 'Parameter value is NaN' : reason, paramSpan(call))
}

function checkedCount(count: number): number {
  return count > -MOST && count < MOST ? count : NaN
}
