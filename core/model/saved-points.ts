import type { Attributes } from './attributes.ts'
import type { PointBlock } from './points.ts'
import type { Metric, Resource, Scope, Series, SeriesRegistry } from './series.ts'

/** A series by its identity: ids are not the same in the next process. */
export type SavedSeries = readonly [Metric, Attributes, Resource, Scope]
export type SavedPoints = Omit<PointBlock, 'series'> & { readonly series: readonly SavedSeries[] }

export function saveSeries({ metric, attributes, resource, scope }: Series): SavedSeries {
  return [metric, attributes, resource, scope]
}

export function restoreSeries([metric, attributes, resource, scope]: SavedSeries, registry: SeriesRegistry): Series {
  return registry.intern(metric, attributes, resource, scope)
}

// Columns are often views of something larger, which V8 would save as a whole.
export function savePoints(block: PointBlock): SavedPoints {
  return {
    ...block,
    time: block.time.slice(),
    start: block.start.slice(),
    value: block.value.slice(),
    flags: block.flags.slice(),
    series: block.series.map(saveSeries)
  }
}

export function restorePoints(saved: SavedPoints, registry: SeriesRegistry): PointBlock {
  return { ...saved, series: saved.series.map(one => restoreSeries(one, registry)) }
}
