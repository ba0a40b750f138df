import type { AdviceReport } from '../../core/admin/advice/advice.ts'
import { getJson } from '../app/api.ts'
import { poll } from '../app/poll.ts'
import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { element, update } from '../ui/dom.ts'
import { advicePanels } from './advice.ts'
import { cardinalityPanels, type LimiterReport } from './panels.ts'

/** Counting series that have no place takes a while. */
const POLL_MS = 5000
/** Going through all series takes longer. */
const ADVICE_POLL_MS = 30_000
const NO_LIMITER = 'No cardinality_limiter runs here: with one, this shows which metrics and labels make most series.'

/** The metrics with most series, what makes so many of them, and which labels nobody asks for. */
export const view: View = root => {
  const limiters = element('div', { id: 'limiters' })
  const advice = element('div', { id: 'advice' }, element('p', { class: 'message' }, 'Looking through the series …'))
  root.append(
    element('h2', {}, 'Cardinality'),
    element(
      'p',
      { class: 'note' },
      'Metrics by the series that came lately, against their places; of those over a limit, labels by their values.'
    ),
    limiters,
    element('h2', {}, 'Labels that nobody asks for'),
    advice
  )
  advice.addEventListener('click', ({ target }) => void copied(target as Element))
  const end = new AbortController()
  void poll(POLL_MS, () => showing(limiters, end.signal, () => limitersOf(end.signal)), end.signal)
  void poll(ADVICE_POLL_MS, () => showing(advice, end.signal, () => adviceOf(end.signal)), end.signal)
  return { close: () => end.abort() }
}

/** Shows what `make` makes, or its error. */
async function showing(root: HTMLElement, signal: AbortSignal, make: () => Promise<HTMLElement[]>): Promise<void> {
  try {
    update(root, await make())
  } catch (error) {
    if (!signal.aborted) update(root, [element('p', { class: 'message error' }, (error as Error).message)])
  }
}

async function limitersOf(signal: AbortSignal): Promise<HTMLElement[]> {
  const { reports } = await statusFeed.known()
  if (!reports.includes('cardinality')) return [element('p', {}, NO_LIMITER)]
  return cardinalityPanels(await getJson<LimiterReport[]>('/cardinality', { signal }))
}

async function adviceOf(signal: AbortSignal): Promise<HTMLElement[]> {
  return advicePanels(await getJson<AdviceReport>('/api/advice', { signal }))
}

/** Puts the configuration into the clipboard, or selects it where there is none: browsers want TLS for it. */
async function copied(target: Element): Promise<void> {
  if (target.closest('[data-copy]') === null) return
  const text = target.closest('section')!.querySelector('pre')!
  try {
    await navigator.clipboard.writeText(text.textContent)
    update(target, ['Copied'])
  } catch {
    getSelection()?.selectAllChildren(text)
    update(target, ['Selected'])
  }
}
