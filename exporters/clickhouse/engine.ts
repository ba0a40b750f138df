import type { Readable } from 'node:stream'
import type { Context } from '../../sdk/plugin/index.ts'
import { beginningOf, wholeOf } from './answer.ts'
import type { Backend, Query } from './backend.ts'
import type { Config } from './config.ts'
import { EmbeddedBackend } from './embedded.ts'
import type { Insert } from './schema.ts'
import { ServedBackend } from './served.ts'

/** Most bytes of the answer to a question of our own, such as a table's definition. */
const OWN_ANSWER_BYTES = 2 ** 20

/** ClickHouse as this exporter uses it. */
export class Engine {
  #config: Config
  #backend: Backend

  constructor(config: Config, host: Pick<Context, 'clock' | 'log'>) {
    this.#config = config
    this.#backend =
      config.embedded === undefined
        ? new ServedBackend(config)
        : new EmbeddedBackend(config.embedded, config.database, host)
  }

  /** How often the process of the embedded engine had to be started anew. */
  get restarts(): number {
    return this.#backend instanceof EmbeddedBackend ? this.#backend.restarts : 0
  }

  /** Rejects if the embedded engine will not open. A server may answer later: its state is no matter of starting. */
  check(): Promise<void> {
    return this.#backend.check()
  }

  /** Starts and opens the embedded engine, once; every other method does so by itself. */
  open(): Promise<void> {
    return this.#backend.open()
  }

  insert(insert: Insert, signal?: AbortSignal): Promise<void> {
    return this.#backend.insert(insert, signal)
  }

  /** For statements without a result. */
  async command(query: string, signal?: AbortSignal): Promise<void> {
    await beginningOf(await this.#backend.run(query, signal), signal)
  }

  /** Rows as text, tab-separated; for our own questions. */
  async ask(query: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.#backend.run(`${query} FORMAT TabSeparatedRaw`, signal)
    return (await wholeOf(answer, OWN_ANSWER_BYTES, signal)).toString()
  }

  /** Somebody else's query: it cannot write or change settings, which the engine itself sees to. */
  query(query: Query, signal?: AbortSignal): Promise<Readable> {
    return this.#backend.query(query, this.#config.query, signal)
  }

  /** Waits for running statements, and leaves the data on disk. */
  close(): Promise<void> {
    return this.#backend.close()
  }
}
