import { type PointBlock, PointBlockBuilder } from './points.ts'
import type { Series } from './series.ts'

/**
 * `block` with increments of one series and time added up in the last of them, for stores that keep one value of those.
 * Only increments without an interval, such as StatsD's, are observations each: two of one interval are one sent twice.
 * The block itself where there is nothing to add.
 */
export function addUpIncrements(block: PointBlock): PointBlock {
  const { length, series, time, value } = block
  const lastRows = new Map<Series, number>()
  let sums: Float64Array | undefined
  let gone: Uint8Array | undefined
  for (let i = 0; i < length; i++) {
    if (!isIncrement(block, i)) continue
    const last = lastRows.get(series[i])
    lastRows.set(series[i], i)
    if (last === undefined || time[last] !== time[i]) continue
    sums ??= value.slice()
    gone ??= new Uint8Array(length)
    sums[i] += sums[last]
    gone[last] = 1
  }
  if (sums === undefined || gone === undefined) return block
  const builder = new PointBlockBuilder(length)
  const summed = { ...block, value: sums }
  for (let i = 0; i < length; i++) if (gone[i] === 0) builder.copy(summed, i)
  return builder.build()
}

function isIncrement({ series, start, flags, distributions }: PointBlock, i: number): boolean {
  return series[i].metric.temporality === 'delta' && start[i] === 0 && flags[i] === 0 && !distributions.has(i)
}
