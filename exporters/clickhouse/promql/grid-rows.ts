import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { type GridOutputs, outputLabels } from './grid-outputs.ts'
import { asNullable, type NativeColumns } from './native-reader.ts'

/** The result that the columns `output`, `bound`, `grid` and `odd` are. Undefined if one of them is odd. */
export function gridsOf(
  blocks: readonly NativeColumns[],
  request: GridRequest,
  outputs: GridOutputs
): GridSeries[] | undefined {
  if (blocks.some(block => block.numbers('odd').includes(1))) return undefined
  return blocks.flatMap(block => gridsIn(block, request, outputs))
}

/** One for each output that has a value. */
function gridsIn(block: NativeColumns, request: GridRequest, outputs: GridOutputs): GridSeries[] {
  const labelsAt = outputLabels(outputs, block, request)
  const { ends, items } = block.list('grid')
  const { nulls, values } = asNullable(items)
  const grids: GridSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    const from = row === 0 ? 0 : ends[row - 1]
    const absent = nulls.subarray(from, ends[row])
    const labels = labelsAt(row)
    if (labels === undefined || !absent.includes(0)) continue
    grids.push({
      labels,
      values: values.subarray(from, ends[row]) as Float64Array,
      absent: absent.includes(1) ? absent : undefined
    })
  }
  return grids
}
