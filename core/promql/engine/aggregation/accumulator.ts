import type { AggregationOp } from '../../ast.ts'
import type { Span } from '../../span.ts'
import type { QueryRemarks } from '../remarks.ts'
import type { Row } from '../rows.ts'
import type { SampleBudget } from '../sample-budget.ts'

/** What the groups of an aggregation share. */
export interface AggregationCall {
  readonly op: AggregationOp
  /** Of the operand. */
  readonly span: Span
  readonly remarks: QueryRemarks
  readonly budget: SampleBudget
}

/** Takes the rows of one group, at all times at once. */
export interface Accumulator {
  add(row: Row): void
  /** Sets the cells of `target`, which is empty. */
  finish(target: Row): void
}

export function informIgnoredHistogram(call: AggregationCall): void {
  call.remarks.infoAt(call.span, `ignored histogram in ${call.op} aggregation`)
}
