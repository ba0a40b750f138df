import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express, { type RequestHandler } from 'express'
import { wholeOf } from '../../../exporters/clickhouse/answer.ts'
import { EmbeddedBackend } from '../../../exporters/clickhouse/embedded.ts'
import clickhouse from '../../../exporters/clickhouse/index.ts'
import type { Exporter } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'

/** Never expires by the wall clock, whatever the tests' times are. */
export const FOREVER = { ttl: '0' }
export const signal = () => AbortSignal.timeout(20_000)

export interface Harness extends AsyncDisposable {
  readonly exporter: Required<Pick<Exporter, 'export' | 'start' | 'stop' | 'probe' | 'queryable'>>
  readonly context: ReturnType<typeof testContext>
  readonly folder: string
  /** Rows of the answer to `sql`, without the limits of queries. */
  rows<T = Record<string, unknown>>(sql: string): Promise<T[]>
  run(sql: string): Promise<void>
}

export function makeExporter(config: Record<string, unknown>) {
  const context = testContext('clickhouse')
  const exporter = clickhouse.create(testConfig(clickhouse, config), context)
  return { context, exporter: exporter as Harness['exporter'] }
}

/** A started exporter on `folder`, or on one of its own that goes with it. */
export async function embedded(config: Record<string, unknown> = {}, folder?: string): Promise<Harness> {
  const path = folder ?? (await temporaryFolder())
  const { context, exporter } = makeExporter({ embedded: path, ...config })
  await exporter.start(signal())
  const backend = new EmbeddedBackend(path, 'weir', context)
  return {
    exporter,
    context,
    folder: path,
    async rows(sql) {
      const answer = await wholeOf(await backend.run(`${sql} FORMAT JSONEachRow`), 2 ** 30)
      const lines = answer.toString().split('\n').filter(Boolean)
      return lines.map(line => JSON.parse(line))
    },
    async run(sql) {
      await wholeOf(await backend.run(sql), 2 ** 20)
    },
    async [Symbol.asyncDispose]() {
      await backend.close()
      await exporter.stop(signal())
      if (folder === undefined) await rm(path, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}

/** Posts `sql` to the admin route. */
export type Ask = (
  sql: string,
  format?: string,
  signal?: AbortSignal
) => Promise<{ status: number; type: string | null; text: string }>

/** The exporter's route, on a server of its own. */
export async function serve(context: Harness['context']): Promise<{ ask: Ask; close: () => void }> {
  const app = express().post('/query', context.routes.get('POST query')! as RequestHandler)
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const ask: Ask = async (sql, format, signal) => {
    const search = format === undefined ? '' : `?format=${format}`
    const response = await fetch(`http://127.0.0.1:${port}/query${search}`, { method: 'POST', body: sql, signal })
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() }
  }
  return { ask, close: () => server.close() }
}

export const temporaryFolder = () => mkdtemp(join(tmpdir(), 'weir-clickhouse-'))
