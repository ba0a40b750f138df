import type { Dashboard } from '../../core/admin/dashboards/dashboard.ts'

/** A changed dashboard that was not saved. */
export interface Draft {
  /** Of the stored dashboard that was changed. Another one may be stored by now. */
  readonly version: string
  readonly dashboard: Dashboard
}

/** By name. A look at another tab does not lose them. */
export const drafts = new Map<string, Draft>()
