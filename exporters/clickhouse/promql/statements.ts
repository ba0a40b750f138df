import type { FetchBytes } from '../../../core/promql/queryable.ts'
import { type NativeColumns, readNative } from './native-reader.ts'
import { encodeRequest } from './request.ts'

const FUNCTIONS_TIMEOUT_MS = 60_000

/** Asks ClickHouse by way of the main thread. */
export class Statements {
  readonly #fetch: FetchBytes
  #gridFunctions: Promise<ReadonlySet<string>> | undefined

  constructor(fetch: FetchBytes) {
    this.#fetch = fetch
  }

  /** The whole answer, whose size ClickHouse bounds. Rejects with a `QueryError`. */
  async ask(sql: string, signal: AbortSignal, { timeSeries = false } = {}): Promise<NativeColumns[]> {
    const request = encodeRequest({ sql, timeSeries })
    const pieces: Uint8Array[] = []
    for await (const piece of this.#fetch(request, signal)) pieces.push(piece)
    signal.throwIfAborted()
    return [...readNative(Buffer.concat(pieces))].filter(({ rows }) => rows > 0)
  }

  /** Names of the functions over grids that this ClickHouse has: older servers have none, or some. */
  gridFunctions(): Promise<ReadonlySet<string>> {
    this.#gridFunctions ??= this.#askFunctions().catch(error => {
      this.#gridFunctions = undefined
      throw error
    })
    return this.#gridFunctions
  }

  async #askFunctions(): Promise<ReadonlySet<string>> {
    // Whoever asked first may have gone: the answer is for all.
    const signal = AbortSignal.timeout(FUNCTIONS_TIMEOUT_MS)
    const blocks = await this.ask("SELECT name FROM system.functions WHERE name LIKE 'timeSeries%ToGrid'", signal)
    return new Set(blocks.flatMap(block => block.texts('name')))
  }
}
