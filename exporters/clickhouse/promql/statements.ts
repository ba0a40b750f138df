import type { FetchBytes } from '../../../core/promql/queryable.ts'
import { type NativeColumns, readNative } from './native-reader.ts'
import { encodeRequest, type StoreRequest, type WritesAnswer } from './request.ts'
import { UnderWay } from './under-way.ts'

const FUNCTIONS_TIMEOUT_MS = 60_000

/** Asks ClickHouse by way of the main thread. */
export class Statements {
  readonly #fetch: FetchBytes
  readonly #underWay = new UnderWay<readonly Uint8Array[]>()
  #gridFunctions: Promise<ReadonlySet<string>> | undefined

  constructor(fetch: FetchBytes) {
    this.#fetch = fetch
  }

  /** The whole answer, whose size ClickHouse bounds. Rejects with a `QueryError`. */
  async ask(sql: string, signal: AbortSignal, { timeSeries = false } = {}): Promise<NativeColumns[]> {
    return blocksOf(await this.#whole({ kind: 'statement', sql, timeSeries }, signal))
  }

  /** The same. Panels that ask for the same at the same time, with no write in between, share what ClickHouse computes. */
  async askTogether(sql: string, signal: AbortSignal, { timeSeries = false } = {}): Promise<NativeColumns[]> {
    const writes = await this.writes(signal)
    if (writes === undefined) return this.ask(sql, signal, { timeSeries })
    const ask = (until: AbortSignal) => this.#whole({ kind: 'statement', sql, timeSeries }, until)
    return blocksOf(await this.#underWay.get(`${writes.blocks} ${sql}`, ask, signal))
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

/** Columns are copies of the bytes, which others may read too. */
const blocksOf = (answer: readonly Uint8Array[]) => [...readNative(answer)].filter(({ rows }) => rows > 0)
