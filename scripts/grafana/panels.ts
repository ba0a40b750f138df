import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  type DataTransformerConfig,
  type Panel as GrafanaPanel,
  GraphDrawStyle,
  type GraphFieldConfig,
  LegendDisplayMode,
  PercentChangeColorMode,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizOrientation
} from '@grafana/schema'
import type { Options as HeatmapOptions } from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen'
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen'
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen'
import type { Options as TimeSeriesOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen'
import type { ChartPanel, HeatmapPanel, Panel, Query, Unit, Variable } from '../../core/admin/dashboards/dashboard.ts'
import { showsEvents } from '../../core/admin/dashboards/event-question.ts'
import { eventTarget } from './event-targets.ts'
import { EVENTS, METRICS } from './sources.ts'

/** Weir's units in Grafana's words. */
const UNITS: Readonly<Record<Unit, string>> = { none: 'short', bytes: 'bytes', seconds: 's', percent: 'percentunit' }

type Part = Pick<GrafanaPanel, 'type' | 'options' | 'fieldConfig' | 'transformations'>

/** A panel without its id and place. */
export function grafanaPanel(panel: Panel, variables: readonly Variable[]): GrafanaPanel {
  const { title, description } = panel
  const step = 'step' in panel ? panel.step : undefined
  const isOfEvents = showsEvents(panel)
  return {
    title,
    description,
    datasource: isOfEvents ? EVENTS : METRICS,
    interval: step,
    targets: isOfEvents ? [{ ...eventTarget(panel, variables) }] : queryTargets(panel as ChartPanel | HeatmapPanel),
    ...partOf(panel)
  }
}

/** A query as Grafana's data source of Prometheus keeps it. */
export interface PrometheusTarget {
  readonly refId: string
  readonly datasource: typeof METRICS
  readonly expr: string
  readonly legendFormat: string
  readonly format: 'time_series' | 'table' | 'heatmap'
  readonly range: boolean
  readonly instant: boolean
  readonly editorMode: 'code'
}

function queryTargets({ kind, queries = [] }: ChartPanel | HeatmapPanel): Record<string, unknown>[] {
  const isInstant = kind === 'stat' || kind === 'table'
  return queries.map(({ promql, legend = '__auto' }, i): Record<string, unknown> => {
    const target: PrometheusTarget = {
      refId: letter(i),
      datasource: METRICS,
      expr: promql,
      legendFormat: legend,
      format: kind === 'heatmap' ? 'heatmap' : kind === 'table' ? 'table' : 'time_series',
      range: !isInstant,
      instant: isInstant,
      editorMode: 'code'
    }
    return { ...target }
  })
}

function partOf(panel: Panel): Part {
  switch (panel.kind) {
    case 'line':
    case 'bar':
    case 'stacked':
      return chart(panel)
    case 'heatmap':
      return heatmap(panel)
    case 'stat':
      return stat(panel)
    case 'table':
      return { ...table(), transformations: panel.queries && tableColumns(panel.queries) }
    default:
      return table()
  }
}

function chart({ kind, unit = 'none' }: ChartPanel): Part {
  const custom: GraphFieldConfig = {
    drawStyle: kind === 'bar' ? GraphDrawStyle.Bars : GraphDrawStyle.Line,
    fillOpacity: { line: 0, bar: 80, stacked: 40 }[kind as 'line' | 'bar' | 'stacked'],
    stacking: { mode: kind === 'line' ? StackingMode.None : StackingMode.Normal, group: 'A' }
  }
  const options: TimeSeriesOptions = {
    legend: { calcs: [], displayMode: LegendDisplayMode.List, placement: 'bottom', showLegend: true },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending }
  }
  return {
    type: 'timeseries',
    options: { ...options },
    fieldConfig: { defaults: { unit: UNITS[unit], custom: { ...custom } }, overrides: [] }
  }
}

function heatmap({ unit = 'none' }: HeatmapPanel): Part {
  const options: HeatmapOptions = {
    calculate: false,
    color: { exponent: 0.5, fill: 'dark-blue', reverse: false, scheme: 'Blues', steps: 64 },
    exemplars: { color: 'rgba(255,0,255,0.7)' },
    legend: { show: true },
    showValue: VisibilityMode.Never,
    tooltip: { mode: TooltipDisplayMode.Single },
    yAxis: { unit: UNITS[unit] }
  }
  return { type: 'heatmap', options: { ...options }, fieldConfig: { defaults: {}, overrides: [] } }
}

function stat({ unit = 'none' }: ChartPanel): Part {
  const options: StatOptions = {
    colorMode: BigValueColorMode.None,
    graphMode: BigValueGraphMode.None,
    justifyMode: BigValueJustifyMode.Auto,
    orientation: VizOrientation.Auto,
    percentChangeColorMode: PercentChangeColorMode.Standard,
    reduceOptions: { calcs: ['lastNotNull'], values: false },
    showPercentChange: false,
    textMode: BigValueTextMode.Auto,
    wideLayout: true
  }
  return { type: 'stat', options: { ...options }, fieldConfig: { defaults: { unit: UNITS[unit] }, overrides: [] } }
}

function table(): Part {
  const options: TableOptions = { frameIndex: 0, showHeader: true }
  return { type: 'table', options: { ...options }, fieldConfig: { defaults: {}, overrides: [] } }
}

/** One row for each label set, with a column for each query. */
function tableColumns(queries: readonly Query[]): DataTransformerConfig[] {
  const columns = queries.map(
    ({ legend }, i) => [queries.length === 1 ? 'Value' : `Value #${letter(i)}`, legend] as const
  )
  const renameByName = Object.fromEntries(columns.filter(([, legend]) => legend !== undefined))
  return [
    { id: 'merge', options: {} },
    { id: 'organize', options: { excludeByName: { Time: true }, renameByName } }
  ]
}

const letter = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index)
