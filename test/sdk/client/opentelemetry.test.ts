import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { diag } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationTemporality, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { WeirMetricExporter, type WeirMetricExporterOptions } from '../../../sdk/client/opentelemetry/index.ts'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox, type Weir } from '../../e2e/weir-process.ts'
import { CountingReceiver, TROUBLES } from '../../integrity/counting-receiver.ts'
import { type Roughness, RoughProxy } from '../../integrity/rough-proxy.ts'
import { freePort } from '../../servers/free-port.ts'
import { WEIR } from '../client-config.ts'
import { ReceivingServer } from './receiving-server.ts'

/** Of the test: readers export every minute unless they are told to. */
const NEVER_MS = 3_600_000
const DEAD_MS = 1000
const TROUBLE_MS = 1500

type ExportResult = Parameters<Parameters<WeirMetricExporter['export']>[1]>[0]

interface Application {
  readonly exporter: WeirMetricExporter
  readonly provider: MeterProvider
  count(name: string, n: number): void
}

function application(options: WeirMetricExporterOptions, timeoutMs = NEVER_MS): Application {
  const exporter = new WeirMetricExporter(options)
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: NEVER_MS,
    exportTimeoutMillis: timeoutMs
  })
  const provider = new MeterProvider({
    readers: [reader],
    resource: resourceFromAttributes({ 'service.name': 'till' })
  })
  const meter = provider.getMeter('till')
  return { exporter, provider, count: (name, n) => meter.createCounter(name).add(n, { route: '/pay' }) }
}

/** The results of exports, as the reader gets them. */
function watch(exporter: WeirMetricExporter): readonly ExportResult[] {
  const results: ExportResult[] = []
  const { export: original } = exporter
  exporter.export = (metrics, callback) =>
    original.call(exporter, metrics, result => {
      results.push(result)
      callback(result)
    })
  return results
}

async function totals(weir: Weir, prefix: string): Promise<Record<string, number>> {
  const text = await (await fetch(weir.prometheus)).text()
  const lines = [...text.matchAll(/^(\w+?)(?:_total)?\{[^}]*\} (\S+)$/gm)]
  return Object.fromEntries(
    lines.filter(([, name]) => name.startsWith(prefix)).map(([, name, value]) => [name, +value])
  )
}

const TEMPORALITIES = [
  ['delta', AggregationTemporality.DELTA],
  ['cumulative', AggregationTemporality.CUMULATIVE]
] as const
const FAULTS: readonly Roughness[] = [
  '500',
  '408',
  '429',
  '503',
  'wait a second',
  'moved',
  'reset',
  'after',
  'cut',
  'dead'
]

for (const [temporality, temporalityPreference] of TEMPORALITIES)
  test(`nothing is lost or counted twice, ${temporality}`, async t => {
    const sandbox = await Sandbox.open(t)
    const weir = await sandbox.start(WEIR)
    const proxy = await RoughProxy.start(new URL(weir.otlp).origin)
    t.after(() => proxy.stop())
    const { provider, count } = application({ endpoint: proxy.url, temporalityPreference })
    count('paid', 1)
    // A cumulative point adds something if its start is before its time.
    await setTimeout(10)
    await provider.forceFlush()
    for (const fault of FAULTS) {
      await proxy.become(fault)
      count('paid', 10)
      const flushed = provider.forceFlush()
      if (fault === 'dead') await setTimeout(DEAD_MS)
      else await eventually(`a request meets ${fault}`, () => (proxy.seen.get(fault) ?? 0) > 0)
      await proxy.become('pass')
      await flushed
    }
    await provider.shutdown()
    const all = async () => (await totals(weir, 'paid')).paid >= 1 + 10 * FAULTS.length
    // After a deadline it is compared as it is.
    await eventually('all is counted', all).catch(() => {})
    assert.deepEqual(await totals(weir, 'paid'), { paid: 1 + 10 * FAULTS.length })
  })

test('an export that timed out is kept and sent again, beside later ones', async t => {
  const sandbox = await Sandbox.open(t)
  const port = await freePort()
  const config = WEIR.replace('http: { endpoint: 127.0.0.1:0 }', `http: { endpoint: "127.0.0.1:${port}" }`)
  const { provider, exporter, count } = application({ endpoint: `http://127.0.0.1:${port}`, timeoutMillis: 200 }, 200)
  for (let i = 1; i <= 3; i++) {
    count('kept', i)
    await assert.rejects(
      provider.forceFlush(),
      new RegExp(`${i} data points are not taken after 200 ms; they are kept`)
    )
  }
  const weir = await sandbox.start(config)
  await eventually('all are taken', async () => {
    await exporter.forceFlush()
    return true
  })
  await eventually('all is counted', async () => (await totals(weir, 'kept')).kept === 6)
  await provider.shutdown()
})

/** A server that answers everything alike. */
async function answering(t: { after(fn: () => void): void }, status: number, body: string): Promise<string> {
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('points that are refused for good are told once: to the export, or to forceFlush or shutdown', async t => {
  const endpoint = await answering(t, 400, 'told to fail')
  const { exporter, provider, count } = application({ endpoint })
  const results = watch(exporter)
  count('refused', 1)
  await provider.forceFlush()
  assert.equal(results[0].code, 1)
  assert.match(results[0].error!.message, /^1 data points are lost: http:\S+\/v1\/metrics answers 400\W+told to fail$/)
  await exporter.forceFlush()
  await exporter.shutdown()
})

test('the endpoint is that of the environment, unless it is given', async t => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = await answering(t, 400, 'the other one')
  t.after(() => delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
  const { provider, exporter, count } = application({})
  const results = watch(exporter)
  count('refused', 1)
  await provider.forceFlush()
  assert.match(results[0].error!.message, /the other one/)
})

test('an empty variable is none', async t => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = ''
  t.after(() => delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT)
  const { exporter, count, provider } = application({ timeoutMillis: 100 }, 100)
  const told: string[] = []
  const ignore = () => {}
  const logger = { error: ignore, info: ignore, debug: ignore, verbose: ignore }
  diag.setLogger({ ...logger, warn: message => void told.push(message) })
  t.after(() => diag.disable())
  count('a', 1)
  await provider.forceFlush().catch(() => {})
  await exporter.shutdown().catch(() => {})
  assert.match(told.join(), /http:\/\/127\.0\.0\.1:4318\/v1\/metrics/)
})

test('an export that is not taken before the shutdown has failed', async () => {
  const { exporter, count, provider } = application({ endpoint: 'http://127.0.0.1:1', timeoutMillis: 100 }, 10)
  const results = watch(exporter)
  count('lost', 1)
  await provider.forceFlush().catch(() => {})
  await assert.rejects(exporter.shutdown(), /1 data points are lost/)
  assert.deepEqual(
    results.map(({ error }) => error?.message),
    ['the exporter was shut down before the server took them']
  )
})

test('a timeout may be infinite', async t => {
  const server = await ReceivingServer.start(t)
  server.replies.push({ status: 503 }, { status: 200 }, { status: 503 })
  const { count, provider, exporter } = application({ endpoint: server.endpoint, timeoutMillis: Infinity }, 1)
  for (let i = 0; i < 2; i++) {
    count('a', 1)
    await provider.forceFlush().catch(() => {})
    await exporter.forceFlush()
  }
  assert.equal(server.received.length, 4)
})

test('rejected points of a partial success are told', async t => {
  const partialSuccess = { rejectedDataPoints: '1', errorMessage: 'too old' }
  const endpoint = await answering(t, 200, JSON.stringify({ partialSuccess }))
  const { exporter, count, provider } = application({ endpoint })
  const results = watch(exporter)
  count('old', 1)
  await provider.forceFlush()
  assert.deepEqual(
    results.map(({ error }) => error?.message),
    ['1 data points are lost: too old']
  )
})

test('shutdown gives up in time, and tells what is lost', async () => {
  const { provider, exporter, count } = application({ endpoint: 'http://127.0.0.1:1', timeoutMillis: 100 }, 100)
  count('lost', 1)
  await assert.rejects(provider.forceFlush(), /1 data points are not taken after 100 ms/)
  await assert.rejects(exporter.shutdown(), /1 data points are lost: the server did not take them within 100 ms/)
  const result = await new Promise<{ code: number; error?: Error }>(resolve =>
    exporter.export({ resource: resourceFromAttributes({}), scopeMetrics: [] }, resolve)
  )
  assert.equal(result.code, 0, 'an export of nothing is none')
})

test('an export beyond maxQueueBytes fails', async () => {
  const { provider, exporter, count } = application(
    {
      endpoint: 'http://127.0.0.1:1',
      maxQueueBytes: 1,
      timeoutMillis: 100
    },
    100
  )
  count('first', 1)
  await assert.rejects(provider.forceFlush())
  count('second', 1)
  const results = watch(exporter)
  await assert.rejects(provider.forceFlush())
  assert.match(results[0].error!.message, /^the queue is full: 1 data points are lost; set maxQueueBytes/)
})

for (const trouble of TROUBLES)
  test(`nothing is lost by ${trouble}`, async t => {
    const receiver = new CountingReceiver()
    await receiver.start()
    t.after(() => receiver.stop())
    const { provider, count } = application({ endpoint: `http://${receiver.addressOf('http')}` })
    const over = receiver[trouble](TROUBLE_MS)
    for (let i = 0; i < 3; i++) {
      count('counted', 1)
      // The first export is in the midst of it, the last one after it.
      if (i === 2) await over
      await provider.forceFlush()
    }
    await provider.shutdown()
    assert.equal(receiver.received, 3)
  })
