import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const SCRIPT = join(import.meta.dirname, 'clickhouse-front.ts')

export interface ClickHouse {
  readonly url: string
  /** Makes it misbehave: see `clickhouse-front.ts`. */
  fail(params: Record<string, string>): Promise<void>
  rows<T = Record<string, unknown>>(sql: string): Promise<T[]>
  /** Statements with ON CLUSTER, as they came. */
  clusterStatements(): Promise<string[]>
  stop(): Promise<void>
}

interface Options {
  readonly port?: number
  readonly password?: string
  /** Port of a Keeper: the server is then a cluster of one, called `one`. */
  readonly keeper?: number
}

/** The front of `clickhouse-front.ts` in a process and a folder of its own. */
export async function startClickHouse(options: Options = {}): Promise<ClickHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-clickhouse-front-'))
  const { port = 0, password = '', keeper } = options
  const args = [SCRIPT, folder, `--port=${port}`, `--password=${password}`]
  if (keeper !== undefined) args.push(`--keeper=${keeper}`)
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    await exited
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const lines = createInterface(child.stdout)
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)])
  if (first === undefined) {
    await stop()
    throw new Error('the front of ClickHouse ended before it served')
  }
  const url: string = first[0]
  const authorization = `Basic ${Buffer.from(`default:${password}`).toString('base64')}`
  return {
    url,
    stop,
    async fail(params) {
      await fetch(`${url}/_fail?${new URLSearchParams(params)}`, { method: 'POST' })
    },
    clusterStatements: async () => (await (await fetch(`${url}/_cluster_statements`)).json()) as string[],
    async rows(sql) {
      const search = new URLSearchParams({ default_format: 'JSONEachRow' })
      const response = await fetch(`${url}/?${search}`, { method: 'POST', body: sql, headers: { authorization } })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      return text
        .split('\n')
        .filter(Boolean)
        .map(line => JSON.parse(line))
    }
  }
}
