import type { StatusReport } from '../../core/admin/status.ts'
import { element } from '../ui/dom.ts'
import { bytes, count } from '../ui/format.ts'
import type { Column } from './table.ts'

export const TENANT_COLUMNS: readonly Column[] = [
  ['Tenant', 'wide'],
  ['Received'],
  ['Bytes'],
  ['Active series'],
  ['Exported'],
  ['Dropped for a limit'],
  ['Requests over the rate']
]

type Usage = NonNullable<StatusReport['tenants']>[number]

export function tenantRow({ tenant, samples, bytes: size, series, exported, refused, limited }: Usage): HTMLElement {
  const cells = [count(samples), bytes(size), count(series), count(exported), count(refused), count(limited)]
  return element('tr', {}, element('th', { scope: 'row' }, tenant), ...cells.map(text => element('td', {}, text)))
}
