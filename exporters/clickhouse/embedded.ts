import { resolve } from 'node:path'
import type { Readable } from 'node:stream'
import type { Context } from '../../sdk/plugin/index.ts'
import { beginningOf } from './answer.ts'
import {
  type Backend,
  insertStatement,
  limitSettings,
  QUERY_GRACE_MS,
  type Query,
  type QueryLimits
} from './backend.ts'
import { checkFolder } from './embedded-folder.ts'
import { EngineProcess } from './engine-process.ts'
import { InsertFiles } from './insert-files.ts'
import { orAborted } from './or-aborted.ts'
import type { Insert } from './schema.ts'

/** Only an engine that hangs needs longer for a statement of Weir's own. */
const OWN_TIMEOUT_MS = 5 * 60_000

/** A folder that is open, and how many exporters use it. */
interface OpenFolder {
  readonly process: EngineProcess
  readonly files: InsertFiles
  /** Inserts run one after the other, and one given up on is waited for by the next. */
  inserting: Promise<unknown>
  users: number
}

/** By path: exporters that share a folder share its process. */
const opened = new Map<string, OpenFolder>()
const closing = new Map<string, Promise<void>>()

/** ClickHouse in a process of its own, over one folder. */
export class EmbeddedBackend implements Backend {
  readonly #path: string
  readonly #database: string
  readonly #host: Pick<Context, 'clock' | 'log'>
  #opening: Promise<OpenFolder> | undefined
  #folder: OpenFolder | undefined

  constructor(folder: string, database: string, host: Pick<Context, 'clock' | 'log'>) {
    this.#path = resolve(folder)
    this.#database = database
    this.#host = host
  }

  get restarts(): number {
    return this.#folder?.process.restarts ?? 0
  }

  async check(): Promise<void> {
    await closing.get(this.#path)
    if (!opened.has(this.#path)) await checkFolder(this.#path)
  }

  async open(): Promise<void> {
    const { process } = await this.#open()
    await process.open()
  }

  async insert(insert: Insert, signal?: AbortSignal): Promise<void> {
    const folder = await this.#open()
    const run = async (path: string) => {
      const source = `FROM INFILE '${path.replace(/[\\']/g, '\\$&')}' `
      const sql = insertStatement(this.#database, insert, { source })
      await beginningOf(await folder.process.run({ sql, timeoutMs: OWN_TIMEOUT_MS }))
    }
    const before = folder.inserting
    const done = (async () => {
      await before
      signal?.throwIfAborted()
      await folder.files.with(insert.rows.chunks(), run)
    })()
    folder.inserting = done.catch(() => {})
    await orAborted(done, signal)
  }

  async run(sql: string, signal?: AbortSignal): Promise<Readable> {
    const { process } = await this.#open()
    return orAborted(process.run({ sql, timeoutMs: OWN_TIMEOUT_MS }, signal), signal)
  }

  async query({ sql, format, settings: more }: Query, limits: QueryLimits, signal?: AbortSignal): Promise<Readable> {
    const { process } = await this.#open()
    const settings = Object.entries({ ...limitSettings(limits), ...more }).map(([name, value]) => `${name} = ${value}`)
    const session = [`USE ${this.#database}`, `SET ${settings.join(', ')}`, 'SET readonly = 1']
    return process.run({ sql, format, session, timeoutMs: limits.max_execution_time + QUERY_GRACE_MS }, signal)
  }

  async close(): Promise<void> {
    const folder = await this.#opening?.catch(() => undefined)
    this.#opening = undefined
    this.#folder = undefined
    if (folder === undefined) return
    await folder.inserting
    if (--folder.users > 0) return
    opened.delete(this.#path)
    const closed = folder.process.close().then(() => folder.files.clear())
    closing.set(this.#path, closed)
    await closed.finally(() => closing.delete(this.#path))
  }

  #open(): Promise<OpenFolder> {
    this.#opening ??= this.#share().catch(error => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #share(): Promise<OpenFolder> {
    await closing.get(this.#path)
    let folder = opened.get(this.#path)
    if (folder === undefined) {
      const files = new InsertFiles(this.#path)
      folder = {
        process: new EngineProcess(this.#path, this.#host),
        files,
        inserting: files.clear().catch(() => {}),
        users: 0
      }
      opened.set(this.#path, folder)
    }
    folder.users++
    this.#folder = folder
    return folder
  }
}
