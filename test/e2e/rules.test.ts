import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { alertmanagerProgram, startAlertmanager } from '../servers/alertmanager.ts'
import { prometheusProgram, startPrometheus } from '../servers/prometheus.ts'
import { eventually } from './eventually.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const [alertmanager, prometheus] = await Promise.all([alertmanagerProgram(), prometheusProgram()])
const skip = alertmanager.skip || prometheus.skip

const RULES = `
groups:
  - name: queues
    interval: 1s
    rules:
      - record: queue:size:max
        expr: max by (queue) (queue_size)
        labels: { source: rules }
      - alert: QueueLong
        expr: queue:size:max > 5
        for: 2s
        labels: { severity: page, queue_upper: '{{ $labels.queue | toUpper }}' }
        annotations:
          summary: '{{ $labels.queue }} has {{ $value | humanize }} of {{ with query "sum(queue_size)" }}{{ . | first | value }}{{ end }}'
      - alert: Patient
        expr: queue_size > 5
        for: 1h
`

const configOf = (alertmanagerUrl: string, prometheusUrl: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  rules:
    files: [rules.yml]
    store: clickhouse
    resend_delay: 1s
    external_labels: { region: north }
    external_url: http://weir.example.com
    alertmanagers: [{ url: "${alertmanagerUrl}" }]
exporters:
  clickhouse: { embedded: ./data/clickhouse }
  victoriametrics: { endpoint: "${prometheusUrl}/api/v1/write" }
extensions:
  query_api: { endpoint: 127.0.0.1:0, store: clickhouse }
service:
  state_dir: ./data/state
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  pipelines:
    metrics: { receivers: [otlp], exporters: [clickhouse, victoriametrics] }
    rules: { receivers: [rules], exporters: [clickhouse] }
`

test('rules record and alert as in Prometheus, through a restart', { skip }, async t => {
  const alerts = await startAlertmanager(alertmanager.path)
  t.after(() => alerts.stop())
  const sandbox = await Sandbox.open(t)
  const rules = sandbox.path('rules.yml')
  writeFileSync(rules, RULES)
  const other = await startPrometheus(prometheus.path, `rule_files: ["${rules}"]`)
  t.after(() => other.stop())
  let weir = await sandbox.start(configOf(alerts.url, other.url))
  const sending = setInterval(() => void sendSizes(weir, 9).catch(() => {}), 500)
  t.after(() => clearInterval(sending))

  const firing = await eventually('both fire', async () => {
    const [own, others] = await Promise.all([alertsOf(weir.queryApi), alertsOf(other.url)])
    return own.some(isFiring) && others.some(isFiring) && { own, others }
  })
  assert.deepEqual(firing.own, firing.others)
  const recorded = await ask(weir, 'queue:size:max')
  assert.deepEqual(recorded, [
    [{ __name__: 'queue:size:max', queue: 'a', source: 'rules' }, '9'],
    [{ __name__: 'queue:size:max', queue: 'b', source: 'rules' }, '2']
  ])
  assert.deepEqual(await ask(weir, 'count by (alertstate) (ALERTS{alertname="QueueLong"})'), [
    [{ alertstate: 'firing' }, '1']
  ])

  const [told] = await eventually('Alertmanager is told', async () => {
    const all = await alerts.alerts()
    return all.length > 0 && all
  })
  assert.deepEqual(told.labels, {
    alertname: 'QueueLong',
    queue: 'a',
    queue_upper: 'A',
    region: 'north',
    severity: 'page',
    source: 'rules'
  })
  assert.deepEqual(told.annotations, { summary: 'a has 9 of 11' })
  assert.match(told.generatorURL, /^http:\/\/weir\.example\.com\/graph\?g0\.expr=queue%3Asize%3Amax\+%3E\+5/)

  const since = (await patient(weir)).activeAt
  await weir.stop()
  weir = await sandbox.start(configOf(alerts.url, other.url))
  const after = await eventually('the alert is there again', () => patient(weir))
  assert.equal(after.activeAt, since, '`for` goes on after a restart')

  clearInterval(sending)
  await sendSizes(weir, 1)
  await eventually('Alertmanager is told of the end', async () => (await alerts.alerts()).length === 0)
  await eventually('the recorded alert ends', async () => (await ask(weir, 'ALERTS')).length === 0)
  const { groups } = await get<{ groups: Group[] }>(weir.queryApi, 'rules?type=alert')
  assert.deepEqual(
    groups.map(({ name, rules }) => [name, rules.map(({ name, health, state }) => `${name} ${health} ${state}`)]),
    [['queues', ['QueueLong ok inactive', 'Patient ok inactive']]]
  )
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

test('rule files with faults: at the start, and at a change', async t => {
  const sandbox = await Sandbox.open(t)
  writeFileSync(sandbox.path('rules.yml'), 'groups: [{ name: a, rules: [{ alert: A, expr: "sum(" }] }]')
  const config = `
receivers: { rules: { files: [rules.yml], store: clickhouse } }
exporters: { clickhouse: { embedded: ./data } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines: { rules: { receivers: [rules], exporters: [clickhouse] } }
`
  const weir = await sandbox.begin(config)
  const { code } = await weir.ended
  assert.notEqual(code, 0)
  assert.match(weir.stderr, /rules\.yml:1:48: error: expr: 1:5/)
})

interface Alert {
  readonly labels: Record<string, string>
  readonly annotations: Record<string, string>
  readonly state: string
  readonly activeAt: string
}

interface Group {
  readonly name: string
  readonly rules: readonly { readonly name: string; readonly health: string; readonly state: string }[]
}

const isFiring = ({ state }: { readonly state: string }) => state === 'firing'

async function get<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}`)
  return ((await response.json()) as { data: T }).data
}

/** Without the times, which depend on the moment. */
async function alertsOf(url: string) {
  const { alerts } = await get<{ alerts: Alert[] }>(url, 'alerts')
  return alerts
    .map(({ labels, annotations, state }) => ({ labels, annotations, state }))
    .sort((a, b) => (a.labels.alertname < b.labels.alertname ? -1 : 1))
}

async function patient(weir: Weir): Promise<Alert> {
  const { alerts } = await get<{ alerts: Alert[] }>(weir.queryApi, 'alerts')
  return alerts.find(({ labels }) => labels.alertname === 'Patient')!
}

async function ask(weir: Weir, query: string): Promise<unknown[]> {
  type Sample = { metric: Record<string, string>; value: [number, string] }
  const { result } = await get<{ result: Sample[] }>(weir.queryApi, `query?query=${encodeURIComponent(query)}`)
  return result
    .map(({ metric, value }) => [metric, value[1]])
    .sort(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** The gauge `queue.size` of two queues. */
async function sendSizes(weir: Weir, size: number): Promise<void> {
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n)
  const point = (queue: string, asDouble: number) => ({
    asDouble,
    timeUnixNano,
    attributes: [{ key: 'queue', value: { stringValue: queue } }]
  })
  const metrics = [{ name: 'queue.size', gauge: { dataPoints: [point('a', size), point('b', 2)] } }]
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  await fetch(weir.otlp, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}
