import type { StatusReport } from '../admin/status.ts'
import { describeError, WeirError } from '../errors.ts'
import { askAdmin } from './admin-client.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

interface QueryOptions {
  readonly admin: string
  readonly exporter?: string
  readonly format: string
}

/** Sends `sql` to an exporter of the running Weir and prints what comes back. */
export async function query(terminal: Terminal, sql: string, options: QueryOptions): Promise<number> {
  try {
    const exporter = options.exporter ?? (await onlyQueryable(options.admin))
    const path = `/api/exporters/${exporter}/query?format=${encodeURIComponent(options.format)}`
    const response = await askAdmin(options.admin, path, {
      method: 'POST',
      body: sql,
      headers: { 'content-type': 'text/plain' }
    })
    const text = (await response.text()).trimEnd()
    if (response.ok) terminal.out(text)
    else terminal.error(text)
    return response.ok ? EXIT.ok : EXIT.refused
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
}

async function onlyQueryable(admin: string): Promise<string> {
  const response = await askAdmin(admin, '/api/status')
  const { queryable } = (await response.json().catch(() => ({}))) as Partial<StatusReport>
  if (queryable === undefined)
    throw new WeirError('ADMIN_UNREACHABLE', `what answers at ${admin} is not Weir; --admin says where Weir is`)
  if (queryable.length === 1) return queryable[0]
  throw new Error(
    queryable.length === 0
      ? 'no exporter of the running Weir answers SQL; a clickhouse exporter does'
      : `several exporters answer SQL: choose one with --exporter ${queryable.join(' | ')}`
  )
}
