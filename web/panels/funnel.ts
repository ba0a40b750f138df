import { lineColor } from '../ui/chart/colors.ts'
import { element } from '../ui/dom.ts'
import { count, quantity } from '../ui/format.ts'
import type { FunnelAnswer, FunnelStep } from './event-answers.ts'
import { groupName } from './group-name.ts'

/** A bar for each step: how many came so far. @param names of steps */
export function funnelTables({ steps, result = [], other }: FunnelAnswer, names: readonly string[]): HTMLElement[] {
  if (steps !== undefined) return [funnel(steps, names, 'Funnel', true)]
  const groups = result.map(({ labels, steps }) => [groupName(labels), steps] as const)
  if (other !== undefined) groups.push(['all others', other.steps])
  return groups.map(([name, own]) => funnel(own, names, name, false))
}

/** Undefined if nobody did the first step. */
export function isEmptyFunnel({ steps, result = [] }: FunnelAnswer): boolean {
  return (steps ?? result[0]?.steps ?? [])[0]?.actors === 0 || (steps === undefined && result.length === 0)
}

function funnel(steps: readonly FunnelStep[], names: readonly string[], name: string, isOnly: boolean): HTMLElement {
  const rows = steps.map((step, i) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' })
    bar.style.width = `${(step.from_first ?? 0) * 100}%`
    bar.style.background = lineColor(0)
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, `${i + 1}. ${names[i] ?? ''}`),
      element('td', { class: 'track' }, bar),
      element('td', {}, count(step.actors)),
      element('td', {}, share(step.from_first)),
      element('td', {}, i === 0 ? '' : share(step.from_previous))
    )
  })
  const columns = ['Reached', 'Of the first', 'Of the one before']
  const head = columns.map(text => element('th', { scope: 'col', class: 'number' }, text))
  return element(
    'table',
    { class: 'bars funnel' },
    element('caption', { class: isOnly ? 'hidden' : undefined }, name),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'Step'), element('td'), ...head)),
    element('tbody', {}, ...rows)
  )
}

const share = (value: number | null) => (value === null ? '–' : quantity(value, 'percent'))
