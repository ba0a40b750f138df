import { ask } from '../app/promql.ts'
import { statusFeed } from '../app/status.ts'
import { element, update } from '../ui/dom.ts'
import { localTime, quantity, seriesName } from '../ui/format.ts'
import { type Column, ledgerTable } from './table.ts'

/** https://prometheus.io/docs/prometheus/latest/querying/api/#alerts */
interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: string
  readonly activeAt: string
  readonly value: string
}

const COLUMNS: readonly Column[] = [['Alert', 'wide'], ['State'], ['Since'], ['Value'], ['Says', 'labels']]

/** Shows the alerts that are firing or pending, and what stands in the way of them. */
export async function showAlerts(root: HTMLElement, signal: AbortSignal): Promise<void> {
  const { queryApis } = await statusFeed.known()
  if (queryApis.length === 0)
    return update(root, [note('No query API runs here: with query_api and the receiver rules, alerts are shown here.')])
  try {
    const { data } = await ask<{ readonly alerts: readonly Alert[] }>('alerts', {}, signal)
    update(root, alertsShown(data.alerts))
  } catch (error) {
    if (!signal.aborted) update(root, [element('p', { class: 'message error' }, (error as Error).message)])
  }
}

function alertsShown(alerts: readonly Alert[]): HTMLElement[] {
  if (alerts.length === 0) return [note('No alert is firing or pending.')]
  // Those that fire come first: it is the first of the two in the alphabet.
  const sorted = alerts.toSorted((a, b) => (a.state === b.state ? 0 : a.state < b.state ? -1 : 1))
  return [ledgerTable('Alerts', COLUMNS, element('tbody', {}, ...sorted.map(alertRow)))]
}

function alertRow({ labels, annotations, state, activeAt, value }: Alert): HTMLElement {
  const { alertname = '', ...others } = labels
  const { summary, description } = annotations
  const badge = element('span', { class: `badge ${state === 'firing' ? 'failed' : 'warn'}` }, state)
  const number = Number(value)
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, alertname, element('small', {}, seriesName(others))),
    element('td', {}, badge),
    element('td', {}, localTime(Date.parse(activeAt) / 1000)),
    element('td', {}, Number.isNaN(number) ? value : quantity(number)),
    element('td', { class: 'labels' }, summary ?? description ?? '')
  )
}

function note(text: string): HTMLElement {
  return element('p', { class: 'message' }, text)
}
