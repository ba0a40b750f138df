import { access, constants, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import type { createClient } from '@clickhouse/client'

/** What `createClient` takes in place of HTTP. */
export type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>
type ExecParams = Parameters<Connection['exec']>[0]
type ExecResult = ReturnType<Connection['exec']>

interface ChDb {
  createConnection(path: string): Connection
  drainPending(): Promise<void>
}

const INSTALL = 'npm install chdb (Linux with glibc or macOS, x64 or arm64), or use `endpoint` with a ClickHouse server'

/** The one folder this process has open, and how many exporters use it: chDB can hold no second. */
let opened: { readonly folder: string; users: number } | undefined
let insertFiles = 0

/** ClickHouse inside this process, over one folder. */
export class EmbeddedFolder {
  readonly path: string
  #chdb: ChDb | undefined

  constructor(path: string) {
    this.path = resolve(path)
  }

  /** What can be told without loading the engine: rejects if it will not open. */
  async check(): Promise<void> {
    if (opened !== undefined && opened.folder !== this.path) throw new Error(this.#secondFolder(opened.folder))
    try {
      await mkdir(this.path, { recursive: true })
      await access(this.path, constants.R_OK | constants.W_OK | constants.X_OK)
    } catch (error) {
      throw new Error(
        `cannot write to ${this.path} (${(error as NodeJS.ErrnoException).code}): give Weir's user the right to`
      )
    }
    checkInstalled()
    const holder = await this.#holder()
    if (holder !== undefined)
      throw new Error(`${this.path} is open in process ${holder}: stop it, or use another folder`)
  }

  /** Loads the engine (half a second of CPU) and opens the folder. Every `open` is paired with a `close`. */
  async open(): Promise<void> {
    this.#chdb ??= await load()
    if (opened !== undefined && opened.folder !== this.path) throw new Error(this.#secondFolder(opened.folder))
    if (opened === undefined) {
      // What a crash left behind, not what another exporter is writing.
      await rm(this.#insertFolder, { recursive: true, force: true })
      await mkdir(this.#insertFolder, { recursive: true })
    }
    opened ??= { folder: this.path, users: 0 }
    opened.users++
  }

  /** A connection of its own: settings made on it stay on it. `open` came before. */
  connect(): Connection {
    return withBinaryInserts(this.#chdb!.createConnection(this.path), this.#insertFolder)
  }

  /** Resolves when nothing of the engine runs any more; connections are closed before. */
  async close(): Promise<void> {
    if (opened === undefined || --opened.users > 0) return
    opened = undefined
    await this.#chdb?.drainPending()
    await rm(this.#insertFolder, { recursive: true, force: true })
  }

  get #insertFolder(): string {
    return join(this.path, 'weir-inserts')
  }

  /** Another process that has the folder open: the engine notes its id in a file, and locks that. */
  async #holder(): Promise<number | undefined> {
    const file = join(this.path, 'status')
    const status = await readFile(file, 'utf8').catch(() => '')
    const pid = Number(/^PID: (\d+)/.exec(status)?.[1])
    if (Number.isNaN(pid) || pid === process.pid) return undefined
    // After a crash the id may long be another process's; the lock went with the one that had it.
    const locks = await readFile('/proc/locks', 'utf8').catch(() => undefined)
    const isHeld = locks === undefined ? isAlive(pid) : locks.includes(`:${(await stat(file)).ino} `)
    return isHeld ? pid : undefined
  }

  #secondFolder(other: string): string {
    return `one process can open one folder, and ${other} is open: use it here too (with another \`database\` if you like) instead of ${this.path}`
  }
}

/** Looks for the package and its library for this platform, without loading them. */
function checkInstalled(): void {
  const libc = process.platform === 'linux' ? '-gnu' : ''
  const library = `@chdb/lib-${process.platform}-${process.arch}${libc}`
  for (const name of ['chdb/connection', library]) {
    try {
      createRequire(import.meta.resolve('chdb')).resolve(name)
    } catch (cause) {
      throw new Error(`\`embedded\` needs the optional package ${name.replace('/connection', '')}: ${INSTALL}`, {
        cause
      })
    }
  }
}

async function load(): Promise<ChDb> {
  try {
    const [{ createChdbConnection }, { drainPending }] = await Promise.all([import('chdb/connection'), import('chdb')])
    // The client's types are its own copy of those chDB names.
    const createConnection = (path: string) => createChdbConnection({ path }) as unknown as Connection
    return { createConnection, drainPending }
  } catch (cause) {
    throw new Error(`chdb cannot be loaded here: ${(cause as Error).message}. ${INSTALL}`, { cause })
  }
}

/**
 * chDB's own connection makes a string of what is inserted, which binary formats do not survive: here it goes by way
 * of a file. Inserts run one after the other, and one given up on is waited for by the next.
 */
function withBinaryInserts(connection: Connection, folder: string): Connection {
  let running: Promise<unknown> = Promise.resolve()
  const insert = async (params: ExecParams, before: Promise<unknown>): Promise<Awaited<ExecResult>> => {
    await before
    params.abort_signal?.throwIfAborted()
    const file = join(folder, `${process.pid}-${insertFiles++}.native`)
    try {
      // Somebody may have cleared it away.
      await mkdir(folder, { recursive: true })
      await writeFile(file, params.values as AsyncIterable<Uint8Array>)
      const query = params.query.replace(') ', `) FROM INFILE '${file.replace(/[\\']/g, '\\$&')}' `)
      return await connection.exec({ ...params, query, values: undefined, abort_signal: undefined })
    } finally {
      await rm(file, { force: true })
    }
  }
  const exec = (params: ExecParams): ExecResult => {
    if (params.values === undefined) return connection.exec(params)
    const done = insert(params, running)
    running = done.catch(() => {})
    return orAborted(done, params.abort_signal)
  }
  return new Proxy(connection, {
    get(target, property) {
      if (property === 'exec') return exec
      if (property === 'close') return () => running.then(() => target.close())
      const value = Reflect.get(target, property)
      return typeof value === 'function' ? value.bind(target) : value
    }
  })
}

async function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
