import type { Block } from './block.ts'
import type { Distribution } from './distribution.ts'

/** Items `from` up to, not including, `to` of `block`. Columns are shared, not copied. */
export function sliceBlock(block: Block, from: number, to: number): Block {
  if (from === 0 && to === block.length) return block
  const length = to - from
  const time = block.time.subarray(from, to)
  const value = block.value.subarray(from, to)
  if (block.type === 'events') {
    const { name, id, attributes } = block
    return {
      type: 'events',
      length,
      time,
      value,
      name: name.slice(from, to),
      id: id.slice(from, to),
      attributes: attributes.slice(from, to)
    }
  }
  const distributions = new Map<number, Distribution>()
  for (const [i, distribution] of block.distributions)
    if (i >= from && i < to) distributions.set(i - from, distribution)
  const { series, start, flags } = block
  return {
    type: 'points',
    length,
    series: series.slice(from, to),
    time,
    start: start.subarray(from, to),
    value,
    flags: flags.subarray(from, to),
    distributions
  }
}
