import { lineColor } from '../ui/chart/colors.ts'
import type { ChartData, HeatmapData } from '../ui/chart/data.ts'
import { element } from '../ui/dom.ts'
import { quantity, type Unit } from '../ui/format.ts'

const MOST_BARS = 60

interface Bar {
  readonly name: string
  readonly value: number
}

/** Counts as bars: one for each bucket of a histogram, over the whole range. */
export function bucketBars({ buckets, counts }: HeatmapData, unit: Unit | undefined): HTMLElement {
  return bars(
    buckets.map(({ lower, upper }, i) => ({
      name: `${quantity(lower, unit)} to ${quantity(upper, unit)}`,
      value: counts[i].reduce((sum, value) => sum + value, 0)
    })),
    'none'
  )
}

/** One bar for each series: its newest value, the highest first. */
export function seriesBars(data: ChartData, names: readonly string[], unit: Unit | undefined): HTMLElement {
  const all = data.lines.map(({ values }, i) => ({ name: names[i], value: values.findLast(one => one !== null) ?? 0 }))
  return bars(all.sort((a, b) => b.value - a.value).slice(0, MOST_BARS), unit)
}

function bars(all: readonly Bar[], unit: Unit | undefined): HTMLElement {
  const most = Math.max(...all.map(({ value }) => value), Number.MIN_VALUE)
  const rows = all.map(({ name, value }) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' })
    bar.style.width = `${Math.max(0, (value / most) * 100)}%`
    bar.style.background = lineColor(0)
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', { class: 'track' }, bar),
      element('td', {}, quantity(value, unit))
    )
  })
  return element(
    'table',
    { class: 'bars' },
    element('caption', { class: 'hidden' }, 'Histogram'),
    element('tbody', {}, ...rows)
  )
}
