import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import { beginningOf, wholeOf } from './answer.ts'
import type { Config } from './config.ts'
import { EmbeddedFolder } from './embedded.ts'
import { RefusedRequest } from './export-error.ts'
import type { Insert } from './schema.ts'

// The lane's timeout is what counts; this one only ends what nobody waits for any more.
const SOCKET_TIMEOUT_MS = 10 * 60_000
const QUERY_TIMEOUT_S = 60
const QUERY_RESULT_BYTES = 64 * 2 ** 20
/** As text it may be several times as large as what it was made of. */
const QUERY_ANSWER_BYTES = 4 * QUERY_RESULT_BYTES
/** Of a question of our own, such as how a table is made. */
const OWN_ANSWER_BYTES = 2 ** 20

export interface Query {
  readonly sql: string
  readonly format: string
}

/** ClickHouse, wherever it runs. */
export class Engine {
  #config: Config
  #folder: EmbeddedFolder | undefined
  #client: ClickHouseClient | undefined
  #opening: Promise<void> | undefined

  constructor(config: Config) {
    this.#config = config
    this.#folder = config.embedded === undefined ? undefined : new EmbeddedFolder(config.embedded)
  }

  /** Rejects where the embedded engine will not open; whether a server answers is no matter of starting. */
  async check(): Promise<void> {
    await this.#folder?.check()
  }

  /** Loads and opens the embedded engine, once; every other method does so by itself. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch(error => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async insert(insert: Insert, signal?: AbortSignal): Promise<void> {
    await this.open()
    const { table, rows, token } = insert
    const settings = token === undefined ? '' : `SETTINGS insert_deduplication_token = '${token}' `
    const columns = rows.columns.join(', ')
    const query = `INSERT INTO ${this.#config.database}.${table} (${columns}) ${settings}FORMAT Native`
    const values = Readable.from(rows.chunks(), { objectMode: false })
    await beginningOf(await run(this.#client!, { query, values, abort_signal: signal }), signal)
  }

  /** For statements without a result. */
  async command(query: string, signal?: AbortSignal): Promise<void> {
    await this.open()
    await beginningOf(await run(this.#client!, { query, abort_signal: signal }), signal)
  }

  /** Rows as text, tab-separated; for our own questions. */
  async ask(query: string, signal?: AbortSignal): Promise<string> {
    await this.open()
    const answer = await run(this.#client!, { query: `${query} FORMAT TabSeparatedRaw`, abort_signal: signal })
    return (await wholeOf(answer, OWN_ANSWER_BYTES, signal)).toString()
  }

  /** Somebody else's query: it cannot write or change settings, which the engine itself sees to. */
  async query({ sql, format }: Query, signal?: AbortSignal): Promise<Buffer> {
    await this.open()
    if (this.#folder === undefined) return this.#queryServer(sql, format, signal)
    const client = createClient({ ...QUIET, connection: this.#folder.connect() })
    try {
      await beginningOf(
        await run(client, { query: `${READ_ONLY_SESSION}; USE ${this.#config.database}; SET readonly = 1` })
      )
      const clickhouse_settings = defaultFormat(format)
      const answer = await run(client, { query: sql, clickhouse_settings, abort_signal: signal })
      return await wholeOf(answer, QUERY_ANSWER_BYTES, signal)
    } finally {
      await client.close()
    }
  }

  /** Waits for what runs, and leaves the data on disk. */
  async close(): Promise<void> {
    await this.#opening?.catch(() => {})
    if (this.#opening === undefined) return
    this.#opening = undefined
    await this.#client?.close()
    this.#client = undefined
    await this.#folder?.close()
  }

  async #open(): Promise<void> {
    const { endpoint, username, password } = this.#config
    if (this.#folder === undefined) {
      this.#client = createClient({ ...QUIET, url: endpoint, username, password, request_timeout: SOCKET_TIMEOUT_MS })
      return
    }
    await this.#folder.open()
    try {
      this.#client = createClient({ ...QUIET, connection: this.#folder.connect() })
    } catch (cause) {
      await this.#folder.close()
      const hint = 'is it open in another process? The engine says more on stderr'
      throw new Error(`the embedded engine cannot open ${this.#folder.path} (${hint})`, { cause })
    }
  }

  async #queryServer(sql: string, format: string, signal?: AbortSignal): Promise<Buffer> {
    const { endpoint, username, password, database } = this.#config
    const client = createClient({ ...QUIET, url: endpoint, username, password, database })
    try {
      const clickhouse_settings = { ...READ_ONLY_SETTINGS, ...defaultFormat(format), wait_end_of_query: 1 as const }
      const answer = await run(client, { query: sql, clickhouse_settings, abort_signal: signal })
      return await wholeOf(answer, QUERY_ANSWER_BYTES, signal)
    } finally {
      await client.close()
    }
  }
}

const QUIET = { log: { level: ClickHouseLogLevel.OFF }, application: 'weir' }

const READ_ONLY_SETTINGS = {
  readonly: '1',
  max_execution_time: QUERY_TIMEOUT_S,
  max_result_bytes: String(QUERY_RESULT_BYTES)
} as const
const READ_ONLY_SESSION = `SET max_execution_time = ${QUERY_TIMEOUT_S}, max_result_bytes = ${QUERY_RESULT_BYTES}`

// A parameter of requests which the client's list of settings leaves out.
const defaultFormat = (format: string) => ({ default_format: format }) as ClickHouseSettings

type ExecParams = Parameters<ClickHouseClient['exec']>[0] & { values?: Readable }

/** The client would keep status and headers of a refusal to itself: taken as they come instead. */
async function run(client: ClickHouseClient, params: ExecParams): Promise<Readable> {
  params.abort_signal?.throwIfAborted()
  const result = await client.exec({ ...params, ignore_error_response: true } as ExecParams)
  const { stream, http_status_code: status = 200, response_headers: headers } = result
  if (status < 300 && headers['x-clickhouse-exception-code'] === undefined) return stream
  throw new RefusedRequest(status, headers['retry-after']?.toString(), await beginningOf(stream, params.abort_signal))
}
