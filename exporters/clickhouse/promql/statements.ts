import type { FetchBytes } from '../../../core/promql/queryable.ts'
import { type NativeColumns, readNative } from './native-reader.ts'
import { encodeRequest } from './request.ts'

/** Asks ClickHouse by way of the main thread. */
export class Statements {
  readonly #fetch: FetchBytes

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
}
