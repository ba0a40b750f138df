import type { StatusReport } from '../../core/admin/status.ts'
import { element } from '../ui/dom.ts'
import { count } from '../ui/format.ts'
import { droppedItems } from './rows.ts'

/** The books of the whole process: the imbalance, which is 0, and where the items are. */
export function totalTiles({ components }: StatusReport): HTMLElement[] {
  const sum = (kinds: readonly string[], value: (component: StatusReport['components'][number]) => number) =>
    components.filter(({ kind }) => kinds.includes(kind)).reduce((total, component) => total + value(component), 0)
  const all = ['receiver', 'journal', 'processor', 'exporter', 'extension']
  const unaccounted = components.reduce((total, { account }) => total + Math.abs(account.imbalance), 0)
  const balance = unaccounted === 0 ? '0, all items are accounted for' : `${count(unaccounted)} items are missing`
  return [
    tile('Imbalance', balance, unaccounted === 0 ? 'even' : 'off'),
    tile('Received', count(sum(['receiver'], ({ account }) => account.received))),
    tile('Exported', count(sum(['exporter'], ({ account }) => account.sent))),
    tile('Absorbed', count(sum(all, ({ account }) => account.absorbed))),
    tile('Dropped', count(sum(all, ({ account }) => droppedItems(account.dropped)))),
    // Those of receivers are further on, and are waited for.
    tile('In flight', count(sum(['journal', 'processor', 'exporter'], ({ account }) => account.inFlight)))
  ]
}

function tile(label: string, value: string, className?: string): HTMLElement {
  return element('div', { class: className }, element('dt', {}, label), element('dd', {}, value))
}
