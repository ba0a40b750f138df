import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { compressSync } from 'snappy'
import { writeRequest1 } from '../../../../core/wire/remote-write/proto.ts'
import { Sandbox } from '../../../../e2e/weir-process.ts'
import { randomNumbers } from '../../../../random-numbers.ts'
import { startPrometheus } from '../../../../servers/prometheus.ts'
import { type Asked, ask, difference } from './answers.ts'
import { Grammar } from './grammar.ts'
import { type Exception, exceptionFor } from './known-differences.ts'
import { sampleRequests, withEnds } from './samples.ts'

const CONFIG = `
receivers:
  prometheus_remote_write: { endpoint: 127.0.0.1:0 }
exporters:
  clickhouse: { embedded: ./data/clickhouse }
extensions:
  query_api: { endpoint: 127.0.0.1:0, store: clickhouse, experimental_functions: true }
service:
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  pipelines:
    metrics: { receivers: [prometheus_remote_write], exporters: [clickhouse] }
`

export interface Comparison {
  readonly prometheus: string
  /** Of Prometheus. */
  readonly version: 2 | 3
  readonly seed: number
  readonly queries: number
}

export interface Outcome {
  /** Queries with a result that is not empty. */
  readonly answered: number
  /** Queries that both refuse. */
  readonly refused: number
  readonly excepted: ReadonlyMap<Exception, number>
  readonly differences: readonly (Asked & { readonly difference: string })[]
}

/** Writes the same requests to Prometheus and to Weir with ClickHouse, and asks both the same queries. */
export async function compareStores(t: Pick<TestContext, 'after'>, comparison: Comparison): Promise<Outcome> {
  const { prometheus: path, version, seed } = comparison
  const flags =
    version === 2 ? ['--enable-feature=native-histograms'] : ['--enable-feature=promql-experimental-functions']
  const prometheus = await startPrometheus(path, '', flags)
  t.after(() => prometheus.stop())
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  const end = Math.floor(Date.now() / 60_000) * 60_000
  const requests = sampleRequests(seed, end, version === 2).map(series => compressSync(withEnds(writeRequest1(series))))
  const receiver = /remote write on (http:\S+)/.exec(weir.stdout)![1]
  for (const body of requests) {
    await write(`${prometheus.url}/api/v1/write`, body)
    await write(receiver, body)
  }
  // A sender that got no answer sends again.
  await write(receiver, requests[1])
  return compareAll([weir.queryApi, prometheus.url], new Grammar(randomNumbers(seed), end, version), comparison)
}

async function write(url: string, body: Buffer): Promise<void> {
  const headers = { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' }
  const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
  assert.equal(response.status, 204, `${url}: ${await response.text()}`)
}

async function compareAll(
  [weir, prometheus]: readonly [string, string],
  grammar: Grammar,
  { version, queries }: Comparison
): Promise<Outcome> {
  const outcome = {
    answered: 0,
    refused: 0,
    excepted: new Map<Exception, number>(),
    differences: [] as Outcome['differences'][number][]
  }
  for (let i = 0; i < queries; i++) {
    const asked = grammar.next()
    const [got, want] = await Promise.all([ask(weir, asked), ask(prometheus, asked)])
    if (want.values.size > 0) outcome.answered++
    if (want.error !== undefined) outcome.refused++
    const found = difference(got, want)
    if (found === undefined) continue
    const exception = exceptionFor(asked.query, version)
    if (exception === undefined) outcome.differences.push({ ...asked, difference: found })
    else outcome.excepted.set(exception, (outcome.excepted.get(exception) ?? 0) + 1)
  }
  return outcome
}
