import { deserialize, serialize } from 'node:v8'
import { formatDuration } from '../config/units.ts'
import type { Attributes } from '../model/attributes.ts'
import type { Block } from '../model/block.ts'
import type { PointBlock } from '../model/points.ts'
import type { Metric, Resource, Scope, Series } from '../model/series.ts'
import { DistinctCounter, type SavedDistinct } from '../model/sketch/distinct-counter.ts'
import type { Context } from '../plugin/context.ts'
import type { Group } from './groups.ts'
import type { LastPoint } from './inputs.ts'
import { MergedHistogram, type SavedHistogram } from './merged-histogram.ts'
import { Pane } from './pane.ts'
import type { WindowSettings } from './settings.ts'
import type { State } from './state.ts'
import type { Source } from './watermark.ts'
import type { Level } from './windows.ts'

const VERSION = 3

/** A series by its identity: ids are not the same in the next process. */
type SavedSeries = readonly [Metric, Attributes, Resource, Scope]
interface SavedPane {
  readonly index: number
  readonly keys: Int32Array
  readonly sums: Float64Array
  readonly counts: Float64Array
  /** Of sets, by slot. */
  readonly distinct: readonly (readonly [number, SavedDistinct])[]
  readonly histograms: SavedHistograms
}
type SavedHistograms = readonly (readonly [slot: number, SavedHistogram])[]
type SavedBlock = Omit<PointBlock, 'series'> & { readonly series: readonly SavedSeries[] }

/** What is on disk, as V8 serializes it (the format is kept readable by later versions of Node). */
interface Saved {
  readonly version: typeof VERSION
  readonly windows: readonly number[]
  readonly watermark: number
  readonly sources: ReadonlyMap<string, Source>
  /** {@link Inputs.since} */
  readonly since: number
  readonly groups: readonly (Omit<Group, 'base'> & {
    readonly base: SavedSeries
    readonly total: readonly [number, number, number]
  })[]
  readonly histograms: SavedHistograms
  readonly levels: readonly {
    readonly firstOpen: number
    readonly onTime: readonly SavedPane[]
    readonly late: readonly SavedPane[]
  }[]
  readonly cumulative: readonly (readonly [SavedSeries, LastPoint])[]
  readonly outbox: readonly SavedBlock[]
}

export function saveState(
  { windows, groups, inputs, emitter, outbox, watermark }: State,
  { sizesMs }: WindowSettings
): Uint8Array {
  const { sums, counts, starts, histograms } = emitter.totals
  const saved: Saved = {
    version: VERSION,
    windows: sizesMs,
    watermark: watermark.value,
    sources: watermark.sources,
    since: inputs.since,
    groups: [...groups.all()].map(group => ({
      ...group,
      base: saveSeries(group.base),
      total: [sums[group.slot] ?? 0, counts[group.slot] ?? 0, starts[group.slot] ?? Number.NaN]
    })),
    histograms: saveHistograms(histograms),
    levels: windows.levels.map(({ firstOpen, onTime, late }) => ({
      firstOpen,
      onTime: savePanes(onTime),
      late: savePanes(late)
    })),
    cumulative: [...inputs.lastPoints()].map(([series, last]) => [saveSeries(series), last]),
    outbox: outbox.blocks.map(block => saveBlock(block as PointBlock))
  }
  return serialize(saved)
}

/** Into a fresh `state`. Throws where the bytes do not fit this version or configuration. */
export function restoreState(bytes: Uint8Array, state: State, { sizesMs }: WindowSettings, context: Context): void {
  const saved = deserialize(bytes) as Saved
  if (saved.version !== VERSION) throw new Error(`it has version ${saved.version}, this Weir reads version ${VERSION}`)
  if (saved.windows.join() !== sizesMs.join()) {
    const sizes = saved.windows.map(formatDuration).join(', ')
    throw new Error(
      `it holds open windows of ${sizes}, which are not the windows configured now; start once with those`
    )
  }
  const restoreSeries = ([metric, attributes, resource, scope]: SavedSeries) =>
    context.series.intern(metric, attributes, resource, scope)
  for (const {
    total: [sum, count, start],
    base,
    ...group
  } of saved.groups) {
    state.groups.restore({ ...group, base: restoreSeries(base) })
    if (!Number.isNaN(start)) state.emitter.totals.add(group.slot, sum, count, start)
  }
  state.groups.restored()
  for (const [slot, histogram] of saved.histograms)
    state.emitter.totals.histograms.set(slot, MergedHistogram.from(histogram))
  for (const [i, level] of saved.levels.entries()) restoreLevel(level, state.windows.levels[i])
  for (const [series, last] of saved.cumulative) state.inputs.restore(restoreSeries(series), last)
  for (const block of saved.outbox) {
    context.account.produced += block.length
    state.outbox.put({ ...block, series: block.series.map(restoreSeries) } as Block)
  }
  state.watermark.restore(saved.watermark, saved.sources)
  state.inputs.since = saved.since
}

function saveSeries({ metric, attributes, resource, scope }: Series): SavedSeries {
  return [metric, attributes, resource, scope]
}

function saveBlock(block: PointBlock): SavedBlock {
  return {
    ...block,
    time: block.time.slice(),
    start: block.start.slice(),
    value: block.value.slice(),
    series: block.series.map(saveSeries)
  }
}

function savePanes(panes: ReadonlyMap<number, Pane>): SavedPane[] {
  return [...panes].map(([index, { keys, sums, counts, distinct = [], histograms = [] }]) => ({
    index,
    keys,
    sums,
    counts,
    distinct: [...distinct].map(([slot, counter]) => [slot, counter.save()]),
    histograms: saveHistograms(histograms)
  }))
}

function saveHistograms(histograms: Iterable<[number, MergedHistogram]>): SavedHistograms {
  return [...histograms].map(([slot, histogram]) => [slot, histogram.save()])
}

function restoreLevel(saved: Saved['levels'][number], level: Level): void {
  level.firstOpen = saved.firstOpen
  restorePanes(saved.onTime, level.onTime)
  restorePanes(saved.late, level.late)
}

function restorePanes(saved: readonly SavedPane[], into: Map<number, Pane>): void {
  for (const { index, keys, sums, counts, distinct, histograms } of saved) {
    const pane = new Pane()
    for (let at = 0; at < keys.length; at++) if (keys[at] !== 0) pane.add(keys[at] - 1, sums[at], counts[at])
    for (const [slot, counter] of distinct) pane.distinctOf(slot).merge(DistinctCounter.from(counter))
    for (const [slot, histogram] of histograms) pane.histogramOf(slot).merge(MergedHistogram.from(histogram))
    into.set(index, pane)
  }
}
