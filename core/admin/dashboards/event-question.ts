import type { ChartPanel, EventCounts, EventScope, Panel } from './dashboard.ts'
import { fillIn, fillInPromql, type VariableValues } from './variables.ts'

/** A question of the query API about events: its path behind `/api/v1/events/`, and parameters. */
export interface EventQuestion {
  readonly path: 'counts' | 'uniques' | 'top' | 'funnel' | 'retention'
  readonly parameters: Readonly<Record<string, string | readonly string[]>>
}

/** A panel that shows events. */
export type EventPanel =
  | Exclude<Panel, { kind: 'heatmap' } | ChartPanel>
  | (ChartPanel & { readonly events: EventCounts })

export function showsEvents(panel: Panel): panel is EventPanel {
  return 'events' in panel && panel.events !== undefined
}

/**
 * The question of a panel, without `start`, `end` and `step`. Parameters that are empty once values are in them are left
 * out. Throws an `UnknownVariable`.
 */
export function eventQuestion(panel: EventPanel, values: VariableValues): EventQuestion {
  const plain = (text: string | undefined) => (text === undefined ? '' : fillIn(text, values))
  const selector = (text: string | undefined) => (text === undefined ? '' : fillInPromql(text, values))
  const question = (path: EventQuestion['path'], events: EventScope, own: Record<string, string | string[]>) => {
    const parameters = { name: plain(events.name), where: selector(events.where), ...own }
    return { path, parameters: Object.fromEntries(Object.entries(parameters).filter(([, value]) => value.length > 0)) }
  }
  const { events } = panel
  const of = plain(events.of)
  switch (panel.kind) {
    case 'top':
      return question('top', events, { of, limit: numberText(panel.events.limit) })
    case 'funnel': {
      const { steps, window, by } = panel.events
      return question('funnel', events, { of, steps: steps.map(selector), window: plain(window), by: plain(by) })
    }
    case 'retention': {
      const { cohort, period, periods } = panel.events
      const selectors = { cohort: selector(cohort), return: selector(panel.events.return) }
      return question('retention', events, { of, ...selectors, period: plain(period), periods: numberText(periods) })
    }
    default: {
      const { by = [], limit } = panel.events
      const own = { by: by.map(plain).filter(Boolean), limit: numberText(limit) }
      return of === '' ? question('counts', events, own) : question('uniques', events, { of, ...own })
    }
  }
}

const numberText = (value: number | undefined) => (value === undefined ? '' : String(value))
