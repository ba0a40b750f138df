import { lineColor } from '../ui/chart/colors.ts'
import { element } from '../ui/dom.ts'
import { count, quantity } from '../ui/format.ts'
import type { FunnelAnswer, FunnelStep } from './event-answers.ts'
import { groupName } from './group-name.ts'

/** A bar for each step: how many came so far. One funnel, or one for each group. @param names of steps */
export function funnelLists({ steps, result = [], other }: FunnelAnswer, names: readonly string[]): HTMLElement[] {
  if (steps !== undefined) return [funnel(steps, names, undefined)]
  const groups = result.map(({ labels, steps }) => funnel(steps, names, groupName(labels)))
  return other === undefined ? groups : [...groups, funnel(other.steps, names, 'all others')]
}

/** True if nobody did the first step. */
export function isEmptyFunnel({ steps, result = [] }: FunnelAnswer): boolean {
  return steps === undefined ? result.length === 0 : steps[0]?.actors === 0
}

function funnel(steps: readonly FunnelStep[], names: readonly string[], group: string | undefined): HTMLElement {
  const items = steps.map((step, i) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' })
    bar.style.width = `${(step.from_first ?? 0) * 100}%`
    bar.style.background = lineColor(0)
    return element(
      'li',
      {},
      element('span', { class: 'step' }, `${i + 1}. ${names[i] ?? ''}`),
      element('strong', {}, count(step.actors)),
      bar,
      i > 0 &&
        element('small', {}, `${share(step.from_first)} of the first, ${share(step.from_previous)} of the one before`)
    )
  })
  const list = element('ol', { class: 'funnel', 'aria-label': group ?? 'Funnel' }, ...items)
  return element('figure', {}, group !== undefined && element('figcaption', {}, group), list)
}

const share = (value: number | null) => (value === null ? '–' : quantity(value, 'percent'))
