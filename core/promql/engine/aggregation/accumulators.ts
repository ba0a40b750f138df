import type { AggregationOp } from '../../ast.ts'
import type { Accumulator, AggregationCall } from './accumulator.ts'
import { CountAccumulator, GroupAccumulator } from './counts.ts'
import { ExtremeAccumulator } from './extremes.ts'
import { MeanAccumulator, SumAccumulator } from './sums.ts'
import { DeviationAccumulator, VarianceAccumulator } from './variance.ts'

/** Makes the accumulator of a group, for so many times. */
export type CreateAccumulator = (count: number, call: AggregationCall) => Accumulator

export const ACCUMULATORS: ReadonlyMap<AggregationOp, CreateAccumulator> = new Map<AggregationOp, CreateAccumulator>([
  ['sum', (count, call) => new SumAccumulator(count, call)],
  ['avg', (count, call) => new MeanAccumulator(count, call)],
  ['count', count => new CountAccumulator(count)],
  ['group', count => new GroupAccumulator(count)],
  ['min', (count, call) => new ExtremeAccumulator(count, call, -1)],
  ['max', (count, call) => new ExtremeAccumulator(count, call, 1)],
  ['stdvar', (count, call) => new VarianceAccumulator(count, call)],
  ['stddev', (count, call) => new DeviationAccumulator(count, call)]
])
