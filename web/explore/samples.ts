import { type Labels, type QueryData, query } from '../app/promql.ts'
import { button, element } from '../ui/dom.ts'
import { localTime, seriesName } from '../ui/format.ts'
import { nameText } from './breakdown.ts'

const MOST_ROWS = 1000
/** Longer ranges would bring more samples than anybody reads. */
const LONGEST_S = 3600

/** Shows the stored samples behind a line: those of the query's first selector that have its labels. */
export async function showSamples(selector: string, labels: Labels, from: number, to: number): Promise<void> {
  const dialog = element('dialog', { class: 'samples', 'aria-label': 'Samples' })
  const body = element('div', { role: 'status' }, 'Asking …')
  dialog.append(
    element('h2', {}, seriesName(labels)),
    body,
    button('Close', () => dialog.close())
  )
  dialog.addEventListener('close', () => dialog.remove())
  document.body.append(dialog)
  dialog.showModal()
  const range = Math.max(1, Math.round(Math.min(to - from, LONGEST_S)))
  try {
    const { data } = await query(`${narrowed(selector, labels)}[${range}s]`, to)
    body.replaceChildren(samplesOf(data))
  } catch (error) {
    body.replaceChildren(element('p', { class: 'message error' }, (error as Error).message))
  }
}

function narrowed(selector: string, { __name__: _, ...labels }: Labels): string {
  const more = Object.entries(labels).map(([name, value]) => `${nameText(name)}=${JSON.stringify(value)}`)
  const inner = selector.slice(selector.indexOf('{') + 1, -1)
  return `${selector.slice(0, selector.indexOf('{'))}{${[inner, ...more].filter(text => text !== '').join(',')}}`
}

function samplesOf(data: QueryData): HTMLElement {
  const series = data.resultType === 'matrix' ? data.result : []
  const rows = series.flatMap(({ metric, values = [], histograms = [] }) => [
    ...values.map(([time, value]) => ({ metric, time, value })),
    ...histograms.map(([time, { count, sum }]) => ({ metric, time, value: `${count} observations, sum ${sum}` }))
  ])
  if (rows.length === 0)
    return element('p', { class: 'message' }, 'No samples: the query may have made these labels itself.')
  const newest = rows.sort((a, b) => b.time - a.time).slice(0, MOST_ROWS)
  const cells = newest.map(({ metric, time, value }) =>
    element(
      'tr',
      {},
      element('td', { class: 'text' }, localTime(time)),
      element('td', { class: 'text' }, seriesName(metric)),
      element('td', {}, value)
    )
  )
  const note = `${newest.length} of ${rows.length} samples of ${series.length} series, the newest first`
  return element(
    'div',
    {},
    element('p', { class: 'note' }, note),
    element(
      'section',
      { class: 'scroll', tabindex: 0, 'aria-label': 'Samples' },
      element('table', { class: 'values' }, element('tbody', {}, ...cells))
    )
  )
}
