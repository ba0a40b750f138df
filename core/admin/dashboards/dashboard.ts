// The format of dashboards, as docs/dashboards.md describes it. The page reads it too.

/** A dashboard as its file has it. */
export interface Dashboard {
  readonly title: string
  readonly description?: string
  /** Length of the range that it opens with: `1h`. */
  readonly range?: string
  readonly variables?: readonly Variable[]
  readonly rows: readonly Row[]
}

export interface Row {
  readonly title?: string
  readonly panels: readonly Panel[]
}

interface AnyVariable {
  readonly name: string
  readonly title?: string
  /** The value of a link that has none. Without it, that is the first there is. */
  readonly default?: string
}

/** Something to choose on a dashboard. Queries refer to it as `$name`. */
export type Variable =
  | (AnyVariable & { readonly kind: 'fixed'; readonly values: readonly string[] })
  /** Values of a label of the series that `match` selects. Several may be chosen if it is `multiple`; none means all. */
  | (AnyVariable & {
      readonly kind: 'label'
      readonly label: string
      readonly match?: string
      readonly multiple?: boolean
    })
  | (AnyVariable & { readonly kind: 'label_names'; readonly match?: string })
  | (AnyVariable & { readonly kind: 'event_names' | 'event_attributes' })
  /** The most frequent values of an attribute of events. */
  | (AnyVariable & { readonly kind: 'event_values'; readonly of: string; readonly multiple?: boolean })

interface AnyPanel {
  readonly title: string
  readonly description?: string
  /** Columns of the twelve that a row has. */
  readonly width?: number
}

export type Unit = 'none' | 'bytes' | 'seconds' | 'percent'

/** A chart over time, numbers, or a table: of queries, or of counts of events. */
export interface ChartPanel extends AnyPanel {
  readonly kind: 'line' | 'bar' | 'stacked' | 'stat' | 'table'
  readonly unit?: Unit
  /** The distance of two points in time is a multiple of it: `10s`. */
  readonly step?: string
  readonly queries?: readonly Query[]
  readonly events?: EventCounts
}

export interface HeatmapPanel extends AnyPanel {
  readonly kind: 'heatmap'
  readonly unit?: Unit
  readonly step?: string
  /** One, of buckets by `le`, or of native histograms. */
  readonly queries: readonly Query[]
}

export interface Query {
  readonly promql: string
  /** A text with labels in it: `{{country}}`. */
  readonly legend?: string
}

export interface TopPanel extends AnyPanel {
  readonly kind: 'top'
  readonly events: EventScope & { readonly of: string; readonly limit?: number }
}

export interface FunnelPanel extends AnyPanel {
  readonly kind: 'funnel'
  readonly events: EventScope & {
    readonly of: string
    /** Selectors. */
    readonly steps: readonly string[]
    readonly window?: string
    readonly by?: string
  }
}

export interface RetentionPanel extends AnyPanel {
  readonly kind: 'retention'
  readonly events: EventScope & {
    readonly of: string
    /** A selector, as `return` is. */
    readonly cohort: string
    readonly return: string
    readonly period?: string
    readonly periods?: number
  }
}

export type Panel = ChartPanel | HeatmapPanel | TopPanel | FunnelPanel | RetentionPanel

/** Events that a panel is about: those of one name, and those that a selector selects. */
export interface EventScope {
  readonly name?: string
  readonly where?: string
}

/** Numbers of events, or of distinct values of the attribute `of`. */
export interface EventCounts extends EventScope {
  readonly of?: string
  readonly by?: readonly string[]
  readonly limit?: number
}

/** An entry of `GET /api/dashboards`. */
export interface DashboardSummary {
  readonly name: string
  /** Empty if its file cannot be read. */
  readonly title: string
  /** `ready-made`: it comes with Weir. `file`: it is in the folder. */
  readonly source: 'ready-made' | 'file'
  readonly problems: readonly DashboardProblem[]
}

/** An error in the text of a dashboard, and its place from 1 on. */
export interface DashboardProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

/** The answer of `GET /api/dashboards`. */
export interface DashboardList {
  /** Whether dashboards can be saved here. */
  readonly isWritable: boolean
  /** The reason why the folder cannot be read, or not all of it is listed. */
  readonly folderProblem?: string
  readonly dashboards: readonly DashboardSummary[]
}
