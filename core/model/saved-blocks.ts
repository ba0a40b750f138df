import type { Attributes } from './attributes.ts'
import type { Block } from './block.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'
import type { Metric, Resource, Scope, Series, SeriesRegistry } from './series.ts'

/** A series by its identity: ids are not the same in the next process. */
export type SavedSeries = readonly [Metric, Attributes, Resource, Scope]
/** A block in a form that V8 can serialize. */
export type SavedBlock = EventBlock | (Omit<PointBlock, 'series'> & { readonly series: readonly SavedSeries[] })

export function saveSeries({ metric, attributes, resource, scope }: Series): SavedSeries {
  return [metric, attributes, resource, scope]
}

export function restoreSeries([metric, attributes, resource, scope]: SavedSeries, registry: SeriesRegistry): Series {
  return registry.intern(metric, attributes, resource, scope)
}

// Columns are often views of something larger, which V8 would save as a whole.
export function saveBlock(block: Block): SavedBlock {
  const time = block.time.slice()
  const value = block.value.slice()
  if (block.type === 'events') return { ...block, time, value }
  return {
    ...block,
    time,
    value,
    start: block.start.slice(),
    flags: block.flags.slice(),
    series: block.series.map(saveSeries)
  }
}

export function restoreBlock(saved: SavedBlock, registry: SeriesRegistry): Block {
  if (saved.type === 'events') return saved
  return { ...saved, series: saved.series.map(one => restoreSeries(one, registry)) }
}
