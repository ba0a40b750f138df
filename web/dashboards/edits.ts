// Changes of a dashboard. Each returns another one; none changes what it is given.
import type { Dashboard, Panel, Row, Variable } from '../../core/admin/dashboards/dashboard.ts'
import { moved } from './moved.ts'

/** The place of a panel. */
export interface PanelPlace {
  readonly row: number
  readonly panel: number
}

/** Puts a panel in place of the one at `at`, or behind the last of its row. */
export function withPanel(dashboard: Dashboard, at: PanelPlace, panel: Panel): Dashboard {
  return withRow(dashboard, at.row, row => ({ ...row, panels: row.panels.toSpliced(at.panel, 1, panel) }))
}

export function withoutPanel(dashboard: Dashboard, at: PanelPlace): Dashboard {
  return withRow(dashboard, at.row, row => ({ ...row, panels: row.panels.toSpliced(at.panel, 1) }))
}

/** Moves a panel before its neighbour or behind it, and past the ends of its row into the next one, if there is one. */
export function movedPanel(dashboard: Dashboard, { row, panel }: PanelPlace, by: -1 | 1): Dashboard {
  const { panels } = dashboard.rows[row]
  const within = moved(panels, panel, by)
  if (within !== panels) return withRow(dashboard, row, own => ({ ...own, panels: within }))
  if (dashboard.rows[row + by] === undefined) return dashboard
  return withRow(withoutPanel(dashboard, { row, panel }), row + by, own => ({
    ...own,
    panels: by > 0 ? [panels[panel], ...own.panels] : [...own.panels, panels[panel]]
  }))
}

export function withRowTitle(dashboard: Dashboard, row: number, title: string): Dashboard {
  return withRow(dashboard, row, own => ({ ...own, title: title === '' ? undefined : title }))
}

export function withNewRow(dashboard: Dashboard): Dashboard {
  return { ...dashboard, rows: [...dashboard.rows, { panels: [] }] }
}

export function withoutRow(dashboard: Dashboard, row: number): Dashboard {
  return { ...dashboard, rows: dashboard.rows.toSpliced(row, 1) }
}

export function withVariables(dashboard: Dashboard, variables: readonly Variable[]): Dashboard {
  const { variables: _, rows, ...about } = dashboard
  return { ...about, ...(variables.length === 0 ? {} : { variables }), rows }
}

function withRow(dashboard: Dashboard, at: number, change: (row: Row) => Row): Dashboard {
  return { ...dashboard, rows: dashboard.rows.map((row, i) => (i === at ? change(row) : row)) }
}
