import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusReport } from '../../core/admin/status.ts'
import type { TenantComponent, TenantReport } from '../../core/admin/tenant-ledger.ts'
import { eventually } from './eventually.ts'
import { deltaRequest } from './otlp-requests.ts'
import { RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const TENANTS = ['acme', 'other'] as const
/** Series of each tenant, which have the same names. The second one is refused by the store if it is of `other`. */
const PLANS = ['pro', 'basic', 'hidden', 'x']
const NOISE = 3

const config = (store: string, more: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  dedup: { mode: request }
  batch: { timeout: 200ms }
  filter: { exclude: { name: debug.* } }
  windowed_counter: { windows: [1s], by: [plan, mark] }
  filter/late: { exclude: { attributes: { plan: hidden } } }
exporters:
  victoriametrics: { endpoint: "${store}", retry: { initial_interval: 100ms, max_interval: 100ms } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  tenants: { header: X-Scope-OrgID, overrides: { other: { max_value_length: 20 } } }
  pipelines:
    a: { receivers: [otlp], processors: [dedup, batch, filter, windowed_counter, filter/late], exporters: [victoriametrics] }
  ${more}
`

for (const [how, more] of [
  ['one thread', ''],
  ['workers and a journal', 'workers: 2\n  journal: { folder: ./data/journal }']
] as const)
  test(`the books of two tenants through ${how}`, async t => {
    const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t, 'refuse')]
    backend.poison = 'poison-other'
    const weir = await sandbox.start(config(backend.url, more))
    for (const tenant of TENANTS) await sendAll(weir, tenant)
    await eventually('windows wait for the store', async () => {
      const { tenants, components } = await weir.status()
      return tenants!.every(({ ledger }) => ledger.inFlight > 0) && inWindows(components) === 0
    })
    for (const { tenant, ledger } of assertBooks(await weir.status())) {
      assert.equal(ledger.exported, 0, tenant)
      assert.equal(ledger.inFlight, ledger.produced - (ledger.dropped.filtered - NOISE), tenant)
    }
    backend.behaviour = 'take'
    await weir.settled()
    const [acme, other] = assertBooks(await weir.status())
    const items = PLANS.length + NOISE
    // The same request came twice.
    assert.deepEqual(
      [acme, other].map(({ ledger }) => ledger.received),
      [2 * items, 2 * items + 1]
    )
    assert.deepEqual(
      [acme, other].map(({ ledger }) => ledger.absorbed),
      [PLANS.length, PLANS.length]
    )
    assert.equal(acme.ledger.dropped.duplicate_request, items)
    assert.equal(acme.ledger.dropped.rejected_by_backend, undefined)
    assert.ok(other.ledger.dropped.rejected_by_backend > 0)
    assert.equal(other.ledger.dropped.tenant_attribute_limit, 1)
    const stored = backend.samples()
    for (const { tenant, ledger } of [acme, other])
      assert.equal(ledger.exported, stored.filter(({ labels }) => labels.weir_tenant === tenant).length, tenant)
    await assertComponents(weir, other)
    assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  })

/** Items that windows have, and did not send. */
const inWindows = (components: StatusReport['components']) =>
  components.filter(({ kind }) => kind === 'processor').reduce((sum, { account }) => sum + account.inFlight, 0)

/** Nobody's items are missing, and all that a component has is somebody's. */
function assertBooks({ tenants, components }: StatusReport): readonly TenantReport[] {
  for (const { kind, id, account } of components) assert.equal(account.imbalance, 0, `${kind} ${id}`)
  assert.deepEqual(tenants!.map(({ tenant }) => tenant).toSorted(), [...TENANTS])
  for (const { tenant, ledger } of tenants!) {
    const { received, produced, exported, absorbed, dropped, refused, inFlight, imbalance } = ledger
    const gone = Object.values(dropped).reduce((sum, items) => sum + items, 0)
    assert.equal(imbalance, 0, tenant)
    assert.equal(
      received + produced,
      exported + absorbed + gone + refused + inFlight,
      `${tenant}: ${JSON.stringify(ledger)}`
    )
  }
  const exported = tenants!.reduce((sum, { ledger }) => sum + ledger.exported, 0)
  assert.equal(exported, components.find(({ kind }) => kind === 'exporter')!.account.sent)
  return tenants!.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1))
}

async function assertComponents(weir: Weir, { tenant, ledger }: TenantReport): Promise<void> {
  const response = await fetch(`${weir.admin}/api/tenants/ledger?tenant=${tenant}`)
  const components = (await response.json()) as TenantComponent[]
  for (const { kind, id, account } of components) assert.equal(account.imbalance, 0, `${kind} ${id}`)
  const of = (id: string) => components.find(component => component.id === id)!.account
  assert.equal(of('otlp').received, ledger.received)
  assert.deepEqual(of('filter').dropped, { filtered: NOISE })
  assert.equal(of('windowed_counter').absorbed, ledger.absorbed)
  assert.equal(of('victoriametrics').sent, ledger.exported)
  assert.equal((await fetch(`${weir.admin}/api/tenants/ledger`)).status, 400)
}

async function sendAll(weir: Weir, tenant: string): Promise<void> {
  const time = Date.now()
  const point = (name: string, attributes: Record<string, string>) => ({ name, attributes, time, value: 1 })
  const counts = PLANS.map(plan => point('orders', { plan, mark: plan === 'basic' ? `poison-${tenant}` : tenant }))
  const noise = Array.from({ length: NOISE }, (_, i) => point('debug.noise', { i: String(i) }))
  const body = deltaRequest([...counts, ...noise])
  for (let i = 0; i < 2; i++) await post(weir, tenant, body)
  const long = deltaRequest([point('orders', { plan: 'longer than twenty characters' })])
  if (tenant === 'other') await post(weir, tenant, long)
}

async function post(weir: Weir, tenant: string, body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'x-scope-orgid': tenant }
  const response = await fetch(weir.otlp, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> })
  assert.equal(response.status, 200, await response.text())
}
