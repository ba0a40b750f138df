import { after } from 'node:test'
import { ServiceAccess } from '../../../core/http/access/service-access.ts'
import { StoreRegistry } from '../../../core/plugin/stores.ts'
import type { QueryableStore } from '../../../core/promql/queryable.ts'
import { systemClock } from '../../../core/telemetry/clock.ts'
import plugin from '../../../extensions/query_api/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'

const signal = new AbortController().signal

interface Access {
  readonly authenticators?: ConstructorParameters<typeof ServiceAccess>[0]['authenticators']
  readonly tenants?: object
}

/** An answer: status, headers, and the body as JSON. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: {
    readonly status: string
    readonly data?: unknown
    readonly errorType?: string
    readonly error?: string
    readonly warnings?: readonly string[]
  }
}

/** The API on a free port until the test file ends. @param store of the exporter `numbers` */
export async function startApi(config: object, store?: QueryableStore, { authenticators = {}, tenants }: Access = {}) {
  const context = testContext('query_api')
  const own = { log: context.log, clock: systemClock, series: context.series, thread: 0, threads: 1 }
  const access = new ServiceAccess({ authenticators, tenants: tenants as never }, own)
  const stores = new StoreRegistry()
  if (store !== undefined) stores.add('numbers', store)
  const host = { ...context, clock: systemClock, stores, access }
  const api = plugin.create(testConfig(plugin, { endpoint: '127.0.0.1:0', ...config }), host) as ReturnType<
    typeof plugin.create
  > & { address: string }
  await api.start!(signal)
  after(() => api.stop!(signal))
  const url = `http://${api.address}`
  const ask = async (path: string, init?: RequestInit): Promise<ApiAnswer> => {
    const response = await fetch(url + path, init)
    return { status: response.status, headers: response.headers, body: (await response.json()) as ApiAnswer['body'] }
  }
  return { url, ask }
}

export const form = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers
})
