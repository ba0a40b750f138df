import {
  DashboardCursorSync,
  type Dashboard as GrafanaDashboard,
  type Panel as GrafanaPanel,
  type GridPos,
  type RowPanel
} from '@grafana/schema'
import type { Dashboard, Panel } from '../../core/admin/dashboards/dashboard.ts'
import { grafanaPanel } from './panels.ts'
import { grafanaVariable } from './variables.ts'

/** Of Grafana 11, which later ones migrate by themselves. */
const SCHEMA_VERSION = 39
const COLUMNS = 24
/** Weir's rows have twelve columns. */
const SCALE = 2
const DEFAULT_WIDTH = 6
const HEADING_HEIGHT = 1
const STAT_HEIGHT = 4
const HEIGHT = 8

/** The same dashboard for Grafana. @param name of its file, without `.json` */
export function grafanaDashboard(name: string, dashboard: Dashboard): GrafanaDashboard {
  const variables = dashboard.variables ?? []
  return {
    uid: `weir-${name}`,
    title: `Weir: ${dashboard.title}`,
    description: dashboard.description,
    tags: ['weir'],
    editable: true,
    graphTooltip: DashboardCursorSync.Crosshair,
    schemaVersion: SCHEMA_VERSION,
    time: { from: `now-${dashboard.range ?? '1h'}`, to: 'now' },
    refresh: '30s',
    annotations: { list: [] },
    templating: { list: variables.map(grafanaVariable) },
    panels: placed(dashboard)
  }
}

function placed({ rows, variables = [] }: Dashboard): (GrafanaPanel | RowPanel)[] {
  const all: (GrafanaPanel | RowPanel)[] = []
  let y = 0
  for (const { title, panels } of rows) {
    if (title !== undefined) {
      const gridPos = { h: HEADING_HEIGHT, w: COLUMNS, x: 0, y }
      all.push({ id: all.length + 1, type: 'row', title, collapsed: false, gridPos, panels: [] })
      y += HEADING_HEIGHT
    }
    const places = placesOf(panels, y)
    for (const [i, panel] of panels.entries())
      all.push({ id: all.length + 1, gridPos: places[i], ...grafanaPanel(panel, variables) })
    y = Math.max(y, ...places.map(({ y: top, h }) => top + h))
  }
  return all
}

/** From left to right, and below where there is no room. */
function placesOf(panels: readonly Panel[], top: number): GridPos[] {
  let [x, y, lineHeight] = [0, top, 0]
  return panels.map(({ kind, width = DEFAULT_WIDTH }) => {
    const [w, h] = [width * SCALE, kind === 'stat' ? STAT_HEIGHT : HEIGHT]
    if (x + w > COLUMNS) {
      x = 0
      y += lineHeight
      lineHeight = 0
    }
    const place = { h, w, x, y }
    x += w
    lineHeight = Math.max(lineHeight, h)
    return place
  })
}
