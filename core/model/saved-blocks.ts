import type { Attributes } from './attributes.ts'
import type { Block } from './block.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'
import type { Metric, Resource, Scope } from './series.ts'
import { SeriesColumn } from './series-table/series-column.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'

/** A series by its identity: ids are not the same in the next process. */
export type SavedSeries = readonly [Metric, Attributes, Resource, Scope]
/** A block in a form that V8 can serialize. */
export type SavedBlock = EventBlock | (Omit<PointBlock, 'series'> & { readonly series: readonly SavedSeries[] })

export function saveSeries({ metric, attributes, resource, scope }: Series): SavedSeries {
  return [metric, attributes, resource, scope]
}

export function restoreSeries([metric, attributes, resource, scope]: SavedSeries, registry: SeriesTable): Series {
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
    series: Array.from(block.series, saveSeries)
  }
}

export function restoreBlock(saved: SavedBlock, series: SeriesTable): Block {
  if (saved.type === 'events') return saved
  const ids = saved.series.map(([metric, attributes, resource, scope]) =>
    series.idOf(metric, attributes, resource, scope)
  )
  return { ...saved, series: new SeriesColumn(series, Uint32Array.from(ids)) }
}
