import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox, type Weir } from '../../e2e/weir-process.ts'
import { kafkaJars, kcatProgram, startKafka } from '../../servers/kafka.ts'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'

const [jars, kcat, store] = [await kafkaJars(), await kcatProgram(), await victoriaMetricsProgram()]
const REQUESTS = 20
/** Requests while brokers are away. */
const LATE = 3
const POINTS = 120

interface TenantReport {
  readonly tenant: string
  readonly exported: number
  readonly ledger: { readonly received: number }
}

interface KcatRecord {
  readonly headers: readonly string[]
  readonly payload: string
}

const gateway = (broker: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  kafka: { brokers: ['${broker}'], topic: numbered, partitions: 3, max_record_size: 1KiB }
service:
  admin: { endpoint: 127.0.0.1:0 }
  tenants: { header: X-Tenant }
  pipelines: { main: { receivers: [otlp], exporters: [kafka] } }
`
const aggregator = (broker: string, url: string) => `
receivers:
  kafka: { brokers: ['${broker}'], topic: numbered, group: counting, session_timeout: 6s, checkpoint_interval: 300ms }
processors:
  dedup: { mode: client_seq }
  windowed_counter: { windows: [1s], allowed_lateness: 500ms, output: [delta] }
exporters:
  victoriametrics: { endpoint: '${url}/api/v1/write' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  tenants: { default: nobody }
  pipelines: { main: { receivers: [kafka], processors: [dedup, windowed_counter], exporters: [victoriametrics] } }
`

/** As `weir-client` sends it. */
const request = (seq: number) => ({
  resourceMetrics: [
    {
      resource: {
        attributes: [
          { key: 'service.name', value: { stringValue: 'shop' } },
          { key: 'weir.client.id', value: { stringValue: 'phone' } },
          { key: 'weir.client.epoch', value: { intValue: '1' } },
          { key: 'weir.client.seq', value: { intValue: String(seq) } }
        ]
      },
      scopeMetrics: [
        { metrics: [{ name: 'taps', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: points() } }] }
      ]
    }
  ]
})

const points = () =>
  Array.from({ length: POINTS }, (_, i) => ({
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    asDouble: 1,
    attributes: [{ key: 'button', value: { stringValue: `b${i}` } }]
  }))

async function post(weir: Weir, seq: number, tenant: string): Promise<void> {
  const headers = { 'content-type': 'application/json', 'x-tenant': tenant }
  const response = await fetch(weir.otlp, { method: 'POST', headers, body: JSON.stringify(request(seq)) })
  assert.equal(response.status, 200, await response.text())
}

test('requests that come by two gateways count once behind Kafka, for their tenant, without numbers in series', {
  skip: jars.skip || kcat.skip || store.skip,
  timeout: 120_000
}, async t => {
  const kafka = await startKafka(jars.path)
  t.after(() => kafka.stop())
  const vm = await startVictoriaMetrics(store.path)
  t.after(() => vm.stop())
  const [first, second, behind] = await Promise.all([1, 2, 3].map(() => Sandbox.open(t)))
  const [one, other] = [await first.start(gateway(kafka.broker)), await second.start(gateway(kafka.broker))]
  let counting = await behind.start(aggregator(kafka.broker, vm.url))
  for (let seq = 1; seq <= REQUESTS; seq++) {
    await post(one, seq, 'acme')
    // As if the answer had been lost, and a balancer had led the next try elsewhere.
    await post(other, seq, 'acme')
    if (seq === REQUESTS / 2) await counting.kill()
    if (seq === REQUESTS / 2) counting = await behind.start(aggregator(kafka.broker, vm.url))
  }
  const stored = async () => {
    await vm.flush()
    return vm.exportSeries('{__name__=~"taps.*"}')
  }
  const sum = async () => (await stored()).flatMap(({ values }) => values).reduce<number>((a, b) => a + (b ?? 0), 0)
  // The first holds the queue up, and all others wait behind it: each twice, as if its client had given up waiting.
  await kafka.kill()
  const late = [1, 2, LATE, 2, LATE].map(seq => post(one, REQUESTS + seq, 'acme'))
  await setTimeout(1000)
  await kafka.restart()
  await Promise.all(late)
  await eventually('each counts once', async () => (await sum()) >= (REQUESTS + LATE) * POINTS, { deadlineMs: 40_000 })
  await counting.settled()
  assert.equal(await sum(), (REQUESTS + LATE) * POINTS)
  for (const { metric } of await stored()) {
    assert.equal(metric.weir_tenant, 'acme')
    assert.deepEqual(
      Object.keys(metric).filter(label => label.startsWith('weir_client')),
      []
    )
  }
  const tenants = (await (await fetch(`${counting.admin}/api/tenants`)).json()) as TenantReport[]
  const acme = tenants.find(({ tenant }) => tenant === 'acme')
  assert.ok(acme !== undefined && acme.exported > 0 && acme.ledger.received > 0, JSON.stringify(tenants))
  const args = ['-C', '-b', kafka.broker, '-t', 'numbered', '-e', '-q', '-J']
  const { stdout } = await promisify(execFile)(kcat.path, args, { maxBuffer: 64 * 2 ** 20 })
  const records: KcatRecord[] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.ok(
    records.some(({ headers }) => headers.at(-1)!.endsWith('phone/1')),
    'a request has several records'
  )
  for (const { headers, payload } of records) {
    assert.deepEqual(headers.slice(2, 4), ['weir-tenant', 'acme'])
    assert.match(headers.join(' '), / weir-client client 1 \d+ phone(\/\d+)?$/)
    assert.ok(payload.includes('taps') && !payload.includes('weir.client'))
  }
})
