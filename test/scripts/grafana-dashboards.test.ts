import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Dashboard } from '@grafana/schema'
import { load } from 'js-yaml'
import { checkGrafana, renderGrafana } from '../../scripts/grafana-dashboards.ts'
import { eventually } from '../e2e/eventually.ts'
import { QUICKSTART, quickstartPorts } from '../e2e/quickstart-config.ts'
import { ROOT, Sandbox, type Weir } from '../e2e/weir-process.ts'
import { freePort } from '../servers/free-port.ts'
import { type Answered, askDashboard } from './grafana-client.ts'

const NAMES = ['quickstart', 'weir', 'product-events']
/** Panels of troubles that no healthy Weir has. */
const EMPTY_IF_WELL = ['Refused, so that senders keep them', 'Dropped, by reason']

const grafana = (name: string): Dashboard =>
  JSON.parse(readFileSync(path.join(ROOT, `configs/grafana/dashboards/${name}.json`), 'utf8'))

test('each query of the dashboards for Grafana is answered, and finds data', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(quickstartPorts(await freePort()), '--config', QUICKSTART)
  await send(weir)
  const isEmpty = ({ panel, query, found }: Answered) =>
    found === 0 && !EMPTY_IF_WELL.includes(panel) && !query.includes('disk_buffer')
  for (const name of NAMES)
    await eventually(
      `every query of ${name} finds data`,
      async () => {
        const answered = await askDashboard(grafana(name), weir.queryApi)
        assert.deepEqual(answered.filter(isEmpty), [])
        assert.ok(answered.length >= 6, `${answered.length} queries`)
        return true
      },
      { pollMs: 1000 }
    )
  await weir.assertLedger()
})

test('files that provision Grafana name the sources that dashboards ask, and a folder for dashboards', () => {
  const [sources, providers] = ['datasources', 'dashboards'].map(kind =>
    load(readFileSync(path.join(ROOT, `configs/grafana/provisioning/${kind}/weir.yaml`), 'utf8'))
  ) as [
    { apiVersion: number; datasources: { uid: string; type: string; url: string }[] },
    { apiVersion: number; providers: object[] }
  ]
  assert.deepEqual([sources.apiVersion, providers.apiVersion], [1, 1])
  // Those that the data sources of Prometheus and of JSON put before their paths.
  assert.deepEqual(
    sources.datasources.map(({ url }) => url),
    ['http://127.0.0.1:13134', 'http://127.0.0.1:13134/api/v1/events']
  )
  const known = sources.datasources.map(({ uid, type }) => ({ type, uid }))
  const asked = NAMES.flatMap(name => {
    const { panels = [], templating } = grafana(name)
    return [...panels, ...templating!.list!].flatMap(({ datasource }) => datasource ?? [])
  })
  const unknown = asked.filter(one => !known.some(({ uid, type }) => one.uid === uid && one.type === type))
  assert.deepEqual([asked.length > 0, unknown], [true, []])
  const [provider] = providers.providers
  assert.deepEqual(provider, {
    name: 'Weir',
    folder: 'Weir',
    type: 'file',
    allowUiUpdates: true,
    options: { path: '/var/lib/grafana/dashboards/weir' }
  })
})

test('panels have ids of their own, and none lies on another', () => {
  for (const name of NAMES) {
    const { panels = [], uid } = grafana(name)
    assert.equal(uid, `weir-${name}`)
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const cells = panels.flatMap(({ gridPos }) => {
      const { x, y, w, h } = gridPos!
      assert.ok(x + w <= 24)
      return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`)
    })
    assert.equal(new Set(cells).size, cells.length, name)
  }
})

test('a file that is stale, missing or of no dashboard breaks a rule', async t => {
  assert.deepEqual(checkGrafana(ROOT), [])
  const root = await mkdtemp(path.join(tmpdir(), 'weir-grafana-'))
  t.after(() => rm(root, { recursive: true }))
  const write = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), text)
  }
  await write('configs/dashboards/a.json', '{"title": "A", "rows": [{"panels": []}]}')
  for (const [file, text] of renderGrafana(root)) if (!file.includes('datasources')) await write(file, text)
  await write('configs/grafana/dashboards/a.json', '{}')
  await write('configs/grafana/dashboards/b.json', '{}')
  assert.deepEqual(checkGrafana(root), [
    'configs/grafana/provisioning/datasources/weir.yaml is not what configs/dashboards makes: run node scripts/grafana-dashboards.ts',
    'configs/grafana/dashboards/a.json is not what configs/dashboards makes: run node scripts/grafana-dashboards.ts',
    'configs/grafana/dashboards/b.json: no dashboard makes it; remove it'
  ])
})

/** Counts and durations by route, and events of five users. */
async function send(weir: Weir): Promise<void> {
  const attributes = [{ key: 'route', value: { stringValue: '/cart' } }]
  const common = { timeUnixNano: String(BigInt(Date.now()) * 1_000_000n), attributes }
  const sum = { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ ...common, asInt: '3' }] }
  const buckets = { count: '4', sum: 90, bucketCounts: ['1', '2', '1'], explicitBounds: [10, 50] }
  const histogram = { aggregationTemporality: 1, dataPoints: [{ ...common, ...buckets }] }
  const metrics = [
    { name: 'http_requests', sum },
    { name: 'http_duration', unit: 'ms', histogram }
  ]
  await post(weir.otlp, { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  const events = Array.from({ length: 10 }, (_, i) => ({
    id: `e${i}`,
    name: i < 5 ? 'signup' : 'checkout',
    timestamp: Date.now() + i,
    attributes: { user_id: `u${i % 5}`, plan: i % 2 === 0 ? 'pro' : 'free' }
  }))
  for (const event of events) await post(weir.events, event)
}

async function post(url: string, body: object): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  })
  assert.equal(response.status, 200, await response.text())
}
