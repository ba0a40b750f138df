import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { beginningOf } from './answer.ts'
import {
  type Backend,
  insertStatement,
  limitSettings,
  QUERY_GRACE_MS,
  type Query,
  type QueryLimits
} from './backend.ts'
import { insertSettings } from './cluster.ts'
import type { Config } from './config.ts'
import { RefusedRequest } from './export-error.ts'
import type { Insert } from './schema.ts'

// The sending queue's timeout counts. This one only ends requests that nobody waits for any more.
const SOCKET_TIMEOUT_MS = 10 * 60_000

/** A ClickHouse server, by HTTP. */
export class ServedBackend implements Backend {
  #config: Config
  #client: ClickHouseClient | undefined

  constructor(config: Config) {
    this.#config = config
  }

  /** Nothing: a server that is down now may come back. */
  async check(): Promise<void> {}

  async open(): Promise<void> {
    this.#client ??= this.#connect(SOCKET_TIMEOUT_MS)
  }

  async insert(insert: Insert, signal?: AbortSignal): Promise<void> {
    await this.open()
    const values = Readable.from(insert.rows.chunks(), { objectMode: false })
    const query = insertStatement(this.#config.database, insert, { more: insertSettings(this.#config) })
    await beginningOf(await exec(this.#client!, { query, values, abort_signal: signal }), signal)
  }

  async run(sql: string, signal?: AbortSignal): Promise<Readable> {
    await this.open()
    return exec(this.#client!, { query: sql, abort_signal: signal })
  }

  async query({ sql, format, settings }: Query, limits: QueryLimits, signal?: AbortSignal): Promise<Readable> {
    const client = this.#connect(limits.max_execution_time + QUERY_GRACE_MS, this.#config.database)
    const clickhouse_settings = {
      ...READ_ONLY,
      ...limitSettings(limits),
      ...settings,
      default_format: format
    } as ClickHouseSettings
    try {
      const answer = await exec(client, { query: sql, clickhouse_settings, abort_signal: signal })
      return answer.once('close', () => client.close())
    } catch (error) {
      await client.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#client?.close()
    this.#client = undefined
  }

  #connect(request_timeout: number, database?: string): ClickHouseClient {
    const { endpoint, username, password } = this.#config
    return createClient({ ...QUIET, url: endpoint, username, password, database, request_timeout })
  }
}

const QUIET = { log: { level: ClickHouseLogLevel.OFF }, application: 'weir' }

const READ_ONLY: ClickHouseSettings = {
  readonly: '1',
  // An error in the middle would look like the end of the answer.
  wait_end_of_query: 1,
  cancel_http_readonly_queries_on_client_close: 1
}

type ExecParams = Parameters<ClickHouseClient['exec']>[0] & { values?: Readable }

/** The client would keep status and headers of a refusal to itself: taken as they come instead. */
async function exec(client: ClickHouseClient, params: ExecParams): Promise<Readable> {
  params.abort_signal?.throwIfAborted()
  const result = await client.exec({ ...params, ignore_error_response: true } as ExecParams)
  const { stream, http_status_code: status = 200, response_headers: headers } = result
  if (status < 300 && headers['x-clickhouse-exception-code'] === undefined) return stream
  throw new RefusedRequest(status, headers['retry-after']?.toString(), await beginningOf(stream, params.abort_signal))
}
