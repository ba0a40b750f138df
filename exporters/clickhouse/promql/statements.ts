import type { FetchBytes } from '../../../core/promql/queryable.ts'
import { type NativeColumns, readNative } from './native-reader.ts'
import { encodeRequest, type StoreRequest, type WritesAnswer } from './request.ts'

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
    const answer = await this.#whole({ kind: 'statement', sql, timeSeries }, signal)
    return [...readNative(answer)].filter(({ rows }) => rows > 0)
  }

  /** What was written so far, and since there were so many blocks. Undefined if nobody knows. */
  async writes(signal: AbortSignal, since = 0): Promise<NonNullable<WritesAnswer> | undefined> {
    const answer: WritesAnswer = JSON.parse(
      Buffer.concat(await this.#whole({ kind: 'writes', since }, signal)).toString()
    )
    return answer ?? undefined
  }

  /** Names of the functions over grids that this ClickHouse has: older servers have none, or some. */
  gridFunctions(): Promise<ReadonlySet<string>> {
    this.#gridFunctions ??= this.#askFunctions().catch(error => {
      this.#gridFunctions = undefined
      throw error
    })
    return this.#gridFunctions
  }

  async #whole(request: StoreRequest, signal: AbortSignal): Promise<Uint8Array[]> {
    const pieces: Uint8Array[] = []
    for await (const piece of this.#fetch(encodeRequest(request), signal)) pieces.push(piece)
    signal.throwIfAborted()
    return pieces
  }

  async #askFunctions(): Promise<ReadonlySet<string>> {
    // Whoever asked first may have gone: the answer is for all.
    const signal = AbortSignal.timeout(FUNCTIONS_TIMEOUT_MS)
    const blocks = await this.ask("SELECT name FROM system.functions WHERE name LIKE 'timeSeries%ToGrid'", signal)
    return new Set(blocks.flatMap(block => block.texts('name')))
  }
}
