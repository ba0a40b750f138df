import type { StatusReport } from '../../core/admin/status.ts'
import { element } from '../ui/dom.ts'
import { count } from '../ui/format.ts'

type Problems = StatusReport['problems']

/** The newest first; what was said several times stands once, with the details of the last time. */
export function problemItems(problems: Problems): HTMLElement[] {
  if (problems.length === 0) return [element('li', { class: 'none' }, 'None since the start.')]
  const groups = Map.groupBy(problems.toReversed(), ({ component, message }) => JSON.stringify([component, message]))
  return [...groups.values()].map(problemItem)
}

function problemItem(group: Problems): HTMLElement {
  const [{ time, level, component, message, details }] = group
  const at = new Date(time)
  return element(
    'li',
    { class: level },
    element('time', { datetime: at.toISOString() }, at.toLocaleTimeString()),
    element('span', { class: `badge ${level}` }, level === 'warn' ? 'warning' : level),
    element('b', {}, component),
    element('p', {}, message, element('small', {}, details)),
    element('span', { class: 'times' }, group.length > 1 ? `× ${count(group.length)}` : '')
  )
}
