import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { TenantReport } from '../../core/admin/tenant-ledger.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox } from './weir-process.ts'

const config = (workers: number, target: string) => `
receivers:
  statsd: { endpoint: 127.0.0.1:0, tenant: shop }
  prometheus:
    tenant: infra
    scrape_configs: [{ job_name: a, scrape_interval: 200ms, scrape_timeout: 200ms, static_configs: [{ targets: ['${target}'] }] }]
exporters:
  debug:
service:
  admin: { endpoint: 127.0.0.1:0 }
  workers: ${workers}
  tenants: { default: other, overrides: { shop: { max_series: 1 } } }
  pipelines:
    a: { receivers: [statsd, prometheus], exporters: [debug] }
`

for (const workers of [1, 2])
  test(`data of a receiver belongs to its tenant, within its limits, with ${workers} worker(s)`, async t => {
    const sandbox = await Sandbox.open(t)
    const weir = await sandbox.start(config(workers, await target(t)))
    const socket = createSocket('udp4')
    t.after(() => socket.close())
    const lines = Buffer.from('hits:1|c\nhits:2|c\nmisses:1|c')
    await new Promise(resolve => socket.send(lines, weir.statsdPort, '127.0.0.1', resolve))
    const tenants = async () => {
      const usage = await (await fetch(`${weir.admin}/api/tenants`)).json()
      return (usage as { tenant: string; samples: number }[]).filter(({ samples }) => samples > 0)
    }
    await eventually('both tenants have sent', async () => (await tenants()).length === 2)
    assert.deepEqual((await tenants()).map(({ tenant }) => tenant).toSorted(), ['infra', 'shop'])
    await eventually('all lines are booked', async () => {
      return (await weir.component('receiver statsd')).account.received === 3
    })
    await weir.settled()
    const status = await weir.assertLedger({ 'receiver statsd': { tenant_series_limit: 1 } })
    const statsd = status.components.find(({ kind, id }) => `${kind} ${id}` === 'receiver statsd')
    assert.equal(statsd?.account.sent, 2)
    await weir.stop()
  })

const byAttribute = (workers: number) => `
receivers:
  statsd: { endpoint: 127.0.0.1:0 }
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  debug:
service:
  admin: { endpoint: 127.0.0.1:0 }
  workers: ${workers}
  tenants: { attribute: team, default: other, overrides: { shop: { max_series: 1 } } }
  pipelines:
    a: { receivers: [statsd, otlp], exporters: [debug] }
`

for (const workers of [1, 2])
  test(`data belongs to the tenant that an attribute names, with ${workers} worker(s)`, async t => {
    const sandbox = await Sandbox.open(t)
    const weir = await sandbox.start(byAttribute(workers))
    const socket = createSocket('udp4')
    t.after(() => socket.close())
    const lines = Buffer.from('hits:1|c|#team:bank\nhits:2|c\nhits:3|c|#team:a/b')
    await new Promise(resolve => socket.send(lines, weir.statsdPort, '127.0.0.1', resolve))
    const point = (name: string, attributes: Record<string, string>) => ({
      name,
      attributes,
      time: Date.now(),
      value: 1
    })
    const shop = { team: 'shop' }
    const body = deltaRequest([point('a', { team: 'bank' }), point('a', shop), point('b', shop), point('a', {})])
    assert.equal((await postOtlp(weir.otlp, body)).status, 200)
    const received = async (id: string) => (await weir.component(`receiver ${id}`)).account.received
    await eventually('all are booked', async () => (await received('statsd')) === 3 && (await received('otlp')) === 4)
    await weir.settled()
    const usage = (await (await fetch(`${weir.admin}/api/tenants`)).json()) as TenantReport[]
    const figures = usage.map(({ tenant, samples, refused }) => [tenant, samples, refused])
    assert.deepEqual(figures.toSorted(), [
      ['', 0, 0],
      ['bank', 2, 0],
      ['other', 2, 0],
      ['shop', 1, 1]
    ])
    // Each thread counts its own series, and nobody knows which of them takes the request.
    const series = usage.map(({ tenant, series }) => [tenant, series]).toSorted()
    if (workers === 1)
      assert.deepEqual(series, [
        ['', 0],
        ['bank', 2],
        ['other', 2],
        ['shop', 1]
      ])
    const books = usage.map(({ tenant, ledger: { received, exported, dropped, imbalance } }) => {
      assert.equal(imbalance, 0, tenant)
      return [tenant, received, exported, dropped]
    })
    assert.deepEqual(books.toSorted(), [
      ['', 1, 0, { bad_tenant_name: 1 }],
      ['bank', 2, 2, {}],
      ['other', 2, 2, {}],
      ['shop', 2, 1, { tenant_series_limit: 1 }]
    ])
    await weir.assertLedger({ 'receiver statsd': { bad_tenant_name: 1 }, 'receiver otlp': { tenant_series_limit: 1 } })
    await weir.stop()
  })

/** `host:port` of a target with one sample. */
async function target(t: TestContext): Promise<string> {
  const server = createServer((_request, response) => response.end('a 1\n'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close().closeAllConnections())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}
