import type { Readable } from 'node:stream'
import type { Config } from './config.ts'
import type { Insert } from './schema.ts'

export interface Query {
  readonly sql: string
  readonly format: string
  /** More settings of ClickHouse. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Bounds of a query that is not Weir's own. */
export type QueryLimits = Pick<Config['query'], 'max_execution_time' | 'max_memory_usage' | 'max_result_bytes'>

/** ClickHouse, wherever it runs. Refusals are `RefusedRequest`s. Each method but `close` opens it first. */
export interface Backend {
  /** Rejects if it will never open. */
  check(): Promise<void>
  open(): Promise<void>
  /** Once `signal` fires it may go on behind. */
  insert(insert: Insert, signal?: AbortSignal): Promise<void>
  /** A statement of Weir's own. */
  run(sql: string, signal?: AbortSignal): Promise<Readable>
  /** A query that cannot write or change settings, and ends within `limits` or once `signal` fires. */
  query(query: Query, limits: QueryLimits, signal?: AbortSignal): Promise<Readable>
  /** Waits for inserts, and leaves the data on disk. */
  close(): Promise<void>
}

/** A query that has not ended so long after it should have ended by itself is given up. */
export const QUERY_GRACE_MS = 15_000

export function limitSettings({ max_execution_time, max_memory_usage, max_result_bytes }: QueryLimits) {
  return {
    max_execution_time: Math.ceil(max_execution_time / 1000),
    max_memory_usage: String(max_memory_usage),
    max_result_bytes: String(max_result_bytes)
  }
}

/** @param source of the rows, if they do not follow the statement @param more settings, besides the token */
export function insertStatement(
  database: string,
  { table, rows, token }: Insert,
  { source = '', more = [] }: { source?: string; more?: readonly string[] }
): string {
  const settings = [...(token === undefined ? [] : [`insert_deduplication_token = '${token}'`]), ...more]
  const clause = settings.length === 0 ? '' : `SETTINGS ${settings.join(', ')} `
  return `INSERT INTO ${database}.${table} (${rows.columns.join(', ')}) ${source}${clause}FORMAT Native`
}
