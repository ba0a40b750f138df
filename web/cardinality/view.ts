import { getJson } from '../app/api.ts'
import { poll } from '../app/poll.ts'
import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { element, update } from '../ui/dom.ts'
import { cardinalityPanels, type LimiterReport } from './panels.ts'

/** Counting series that have no place takes a while. */
const POLL_MS = 5000
const NO_LIMITER = 'No cardinality_limiter runs here: with one, this shows which metrics and labels make most series.'

/** The metrics with most series, and what makes so many of them. */
export const view: View = root => {
  const limiters = element('div', { id: 'limiters' })
  root.append(
    element('h2', {}, 'Cardinality'),
    element(
      'p',
      { class: 'note' },
      'Metrics by the series that came lately; of those over a limit, labels by their values.'
    ),
    limiters
  )
  const end = new AbortController()
  void poll(POLL_MS, () => show(limiters, end.signal), end.signal)
  return { close: () => end.abort() }
}

async function show(limiters: HTMLElement, signal: AbortSignal): Promise<void> {
  const { reports } = await statusFeed.first()
  if (!reports.includes('cardinality')) return update(limiters, [element('p', {}, NO_LIMITER)])
  update(limiters, cardinalityPanels(await getJson<LimiterReport[]>('/cardinality', { signal })))
}
