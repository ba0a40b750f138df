import { element } from '../ui/dom.ts'
import { count, localTime, quantity } from '../ui/format.ts'
import type { RetentionAnswer } from './event-answers.ts'

const DAY_S = 86_400
/** The share of everybody has the full color, and texts stay readable on it. */
const STRONGEST = 0.45

/** A row for each cohort, with the share that returned in each period; the more, the stronger the color. */
export function retentionTable({ period, cohorts }: RetentionAnswer): HTMLElement {
  const periods = Math.max(0, ...cohorts.map(({ share }) => share.length))
  const head = ['Cohort', 'Joined', ...Array.from({ length: periods }, (_, i) => `${i}`)]
  const rows = cohorts.map(({ start, actors, share, returned }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, period % DAY_S === 0 ? localTime(start).slice(0, 10) : localTime(start)),
      element('td', {}, count(actors)),
      ...Array.from({ length: periods }, (_, i) => cell(share[i], returned[i]))
    )
  )
  return element(
    'section',
    { class: 'scroll', tabindex: 0, 'aria-label': 'Retention' },
    element(
      'table',
      { class: 'values retention' },
      element('caption', { class: 'hidden' }, 'Share of each cohort that returned, by periods since it joined'),
      element('thead', {}, element('tr', {}, ...head.map(text => element('th', { scope: 'col' }, text)))),
      element('tbody', {}, ...rows)
    )
  )
}

/** Begin of the period that a time is in: days begin at midnight where the browser is. @param time s @param period s */
export function periodStart(time: number, period: number): number {
  if (period <= 0) return time
  if (period % DAY_S !== 0) return Math.floor(time / period) * period
  const midnight = new Date(time * 1000).setHours(0, 0, 0, 0)
  return midnight / 1000
}

/** Undefined: the period has not begun. */
function cell(share: number | null | undefined, returned: number | undefined): HTMLElement {
  if (share === undefined) return element('td', {})
  if (share === null) return element('td', { class: 'zero' }, '–')
  const made = element('td', { title: `${count(returned ?? 0)} returned` }, quantity(share, 'percent'))
  made.style.background = `color-mix(in srgb, var(--flow) ${Math.round(share * STRONGEST * 100)}%, var(--card))`
  return made
}
