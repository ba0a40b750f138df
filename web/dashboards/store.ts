import type { Dashboard, DashboardList, DashboardSummary } from '../../core/admin/dashboards/dashboard.ts'
import { getJson, getText, sendText } from '../app/api.ts'

const PATH = '/api/dashboards'

/** A dashboard as the server has it. */
export interface StoredDashboard {
  readonly name: string
  readonly text: string
  /** Named by a change, so that nobody else's is overwritten. */
  readonly version: string
  readonly summary: DashboardSummary
  readonly isWritable: boolean
}

export const listDashboards = (signal?: AbortSignal): Promise<DashboardList> => getJson(PATH, { signal })

export async function loadDashboard(name: string): Promise<StoredDashboard> {
  const [{ dashboards, isWritable }, { text, version }] = await Promise.all([listDashboards(), getText(pathOf(name))])
  const summary = dashboards.find(one => one.name === name) ?? { name, title: '', source: 'file', problems: [] }
  return { name, text, version, summary, isWritable }
}

/** @param version that is replaced; undefined: there is none of this name yet */
export async function saveDashboard(name: string, text: string, version: string | undefined): Promise<void> {
  const condition: Record<string, string> = version === undefined ? { 'if-none-match': '*' } : { 'if-match': version }
  await sendText('PUT', pathOf(name), text, condition)
}

export async function removeDashboard({ name, version }: StoredDashboard): Promise<void> {
  await sendText('DELETE', pathOf(name), undefined, { 'if-match': version })
}

/** As files have it: people read them too. */
export const textOf = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, undefined, 2)}\n`

const pathOf = (name: string) => `${PATH}/${encodeURIComponent(name)}`
