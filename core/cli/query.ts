import type { StatusReport } from '../admin/status.ts'
import { describeError } from '../errors.ts'
import { askAdmin, notWeir } from './admin-client.ts'
import { EXIT } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

interface QueryOptions {
  readonly admin: string
  readonly exporter?: string
  readonly format: string
}

/** Sends `sql` to an exporter of the running Weir and prints the answer. */
export async function query(terminal: Terminal, sql: string, options: QueryOptions): Promise<number> {
  try {
    const exporter = options.exporter ?? (await onlyQueryable(options.admin))
    const path = `/api/exporters/${exporter}/query?format=${encodeURIComponent(options.format)}`
    const answer = await askAdmin(options.admin, path, {
      method: 'POST',
      body: sql,
      headers: { 'content-type': 'text/plain' }
    })
    const text = answer.text.trimEnd()
    if (answer.ok) terminal.out(text)
    else terminal.error(text)
    return answer.ok ? EXIT.ok : EXIT.refused
  } catch (error) {
    terminal.error(describeError(error))
    return EXIT.refused
  }
}

async function onlyQueryable(admin: string): Promise<string> {
  const { text } = await askAdmin(admin, '/api/status')
  const queryable = queryableIn(text)
  if (queryable === undefined) throw notWeir(admin, 'is not Weir')
  if (queryable.length === 1) return queryable[0]
  throw new Error(
    queryable.length === 0
      ? 'no exporter of the running Weir answers SQL; a clickhouse exporter does'
      : `several exporters answer SQL: choose one with --exporter ${queryable.join(' | ')}`
  )
}

/** Undefined if the text is no report of Weir's. */
function queryableIn(text: string): StatusReport['queryable'] | undefined {
  try {
    return (JSON.parse(text) as Partial<StatusReport> | null)?.queryable
  } catch {
    return undefined
  }
}
