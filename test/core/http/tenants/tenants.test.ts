import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import { DEFAULT_TENANT_LIMITS, type TenantLimits, type TenantsConfig } from '../../../../core/http/tenants/config.ts'
import { MOST_TENANTS, TenantMeters } from '../../../../core/http/tenants/meters.ts'
import type { LimitedTenant } from '../../../../core/http/tenants/tenant.ts'
import { ConfiguredTenants } from '../../../../core/http/tenants/tenants.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { type Attributes, type PointBlock, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const { clock, series } = testContext()

function tenantsOf(
  config: Partial<TenantsConfig> = {},
  limits: Partial<TenantLimits> = {},
  meters = new TenantMeters(2, 0),
  table = series
) {
  const full = {
    over_limit_status: 429,
    overrides: {},
    ...config,
    limits: { ...DEFAULT_TENANT_LIMITS, ...limits }
  } as const
  return new ConfiguredTenants(full, meters, { clock, series: table })
}

const HEADER = { header: 'X-Scope-OrgID' }
const tenantOf = (name: string, tenants = tenantsOf(HEADER)) =>
  tenants.of(undefined, { 'x-scope-orgid': name }) as LimitedTenant

function points(...all: { attributes: Attributes; time?: number; resource?: Attributes }[]): PointBlock {
  const builder = new PointBlockBuilder()
  for (const { attributes, time = clock.now(), resource = [] } of all)
    builder.add(series.intern(METRIC, attributes, { attributes: resource, schemaUrl: '' }), time, 1)
  return builder.build()
}

const identities = ({ series }: PointBlock) =>
  Array.from(series.ids, id => (series.table as SeriesTable).read(id)).map(({ attributes, resource }) => [
    attributes,
    resource.attributes
  ])

describe('the tenant of a request', () => {
  const identity = (tenant?: string) => ({ subject: 'anna', tenant })

  it('is that of its credentials, else of the header, else the usual one', () => {
    const tenants = tenantsOf({ ...HEADER, default: 'shared' })
    assert.equal(tenants.of(identity('acme'), {}).name, 'acme')
    assert.equal(tenants.of(identity('acme'), { 'x-scope-orgid': 'acme' }).name, 'acme')
    assert.equal(tenants.of(identity(), { 'x-scope-orgid': 'other' }).name, 'other')
    assert.equal(tenants.of(undefined, {}).name, 'shared')
    assert.equal(tenants.of(identity('acme'), {}), tenants.of(undefined, { 'x-scope-orgid': 'acme' }))
  })

  it('cannot be that of others, none, or one that is no name', () => {
    assert.throws(() => tenantsOf(HEADER).of(identity('acme'), { 'x-scope-orgid': 'other' }), { status: 403 })
    assert.throws(() => tenantsOf(HEADER).of(identity(), {}), { status: 401, message: /in the header X-Scope-OrgID/ })
    assert.throws(() => tenantsOf().of(undefined, { 'x-scope-orgid': 'acme' }), { status: 401, message: /credentials/ })
    for (const name of ['', '..', 'a/b', 'a b', 'x'.repeat(151)])
      assert.throws(() => tenantOf(name), { status: 400 }, name)
  })
})

describe('labelling', () => {
  it('puts the tenant into the resource of points, and takes it from nobody else', () => {
    const liar: Attributes = [['weir.tenant', 'other']]
    const block = points({ attributes: [['plan', 'pro']] }, { attributes: [], resource: liar }, { attributes: liar })
    const tenants = tenantsOf(HEADER)
    const { block: labelled, refused } = tenantOf('acme', tenants).label(block)
    assert.deepEqual(identities(labelled as PointBlock), [
      [[['plan', 'pro']], [['weir.tenant', 'acme']]],
      [[], [['weir.tenant', 'acme']]]
    ])
    assert.deepEqual([...refused], [['tenant_attribute_limit', 1]])
    assert.ok(tenants.isLabelled(labelled))
    assert.ok(!tenants.isLabelled(block))
  })

  it('keeps series of two tenants apart', () => {
    const block = points({ attributes: [['plan', 'pro']] })
    const [one] = (tenantOf('one').label(block).block as PointBlock).series.ids
    const [two] = (tenantOf('two').label(block).block as PointBlock).series.ids
    assert.notEqual(one, two)
  })

  it('puts the tenant into events, in place of what they say', () => {
    const attributes: Attributes[] = [[['a', 1]], [['weir_tenant', 'other']], [['weir.tenant', 'other']]]
    const columns = { name: ['n', 'n', 'n'], id: [undefined, undefined, undefined], attributes }
    const numbers = new Float64Array(3)
    const block = { type: 'events', length: 3, time: numbers, value: numbers, ...columns } as const
    const { block: labelled } = tenantOf('acme').label(block)
    const own = ['weir.tenant', 'acme']
    assert.deepEqual((labelled as typeof block).attributes, [[['a', 1], own], [own], [own]])
  })

  it('leaves out what breaks a limit, by reason', () => {
    const tenant = tenantOf('acme', tenantsOf(HEADER, { max_series: 2, max_attributes: 1, max_value_length: 3 }))
    const host = (name: string): Attributes => [['host', name]]
    const block = points(
      { attributes: host('a') },
      { attributes: host('long') },
      {
        attributes: [
          ['a', '1'],
          ['b', '2']
        ]
      },
      { attributes: host('a'), time: clock.now() + 300_001 },
      { attributes: host('b'), time: clock.now() + 300_000 },
      { attributes: host('c') }
    )
    const { block: labelled, refused } = tenant.label(block)
    assert.equal(labelled.length, 2)
    assert.deepEqual(Object.fromEntries(refused), {
      too_far_in_future: 1,
      tenant_attribute_limit: 2,
      tenant_series_limit: 1
    })
    assert.equal(tenant.label(points({ attributes: host('b') })).block.length, 1)
  })

  it('a full tenant adds no series to the table, where they would take the room of others', () => {
    const tenant = tenantOf('full', tenantsOf(HEADER, { max_series: 1 }))
    const context = series.contextOf(
      METRIC,
      { attributes: [], schemaUrl: '' },
      { name: '', version: '', attributes: [], schemaUrl: '' }
    )
    const receive = (host: string) => tenant.decode(() => series.receive(context, [['host', host]]))
    assert.notEqual(receive('x'), 0xffffffff)
    tenant.label(points({ attributes: [['host', 'x']] }))
    assert.equal(receive('y'), 0xffffffff)
    assert.notEqual(receive('x'), 0xffffffff)
    assert.notEqual(series.receive(context, [['host', 'y']]), 0xffffffff)
  })
})

describe('the rate', () => {
  it('is refused after the burst, with the time until there is room', () => {
    const tenant = tenantOf('acme', tenantsOf(HEADER, { samples_per_second: 100, burst: 200 }))
    tenant.admit()
    tenant.spend(200)
    tenant.admit()
    tenant.spend(250)
    assert.throws(() => tenant.admit(), { status: 429, headers: { 'retry-after': '3' } })
    clock.advance(2499)
    assert.throws(() => tenant.admit(), { status: 429, headers: { 'retry-after': '1' } })
    clock.advance(1)
    tenant.admit()
    tenant.spend(100_000)
    assert.throws(() => tenant.admit(), { headers: { 'retry-after': '9' } })
    tenant.spend(-100_000)
    tenant.admit()
  })

  it('may be answered as 503, and is another for some', () => {
    const config = {
      ...HEADER,
      over_limit_status: 503,
      overrides: { acme: { samples_per_second: 1, burst: 1 } }
    } as const
    const tenants = tenantsOf(config)
    for (const [name, isLimited] of [
      ['acme', true],
      ['constructor', false]
    ] as const) {
      const tenant = tenantOf(name, tenants)
      tenant.spend(1000)
      if (isLimited) assert.throws(() => tenant.admit(), { status: 503 })
      else tenant.admit()
    }
  })

  it('is that of all threads together, and so are the figures', () => {
    const meters = new TenantMeters(2, 0)
    const limits = { samples_per_second: 100, burst: 100 }
    const [one, two] = [meters, new TenantMeters(2, 1, meters.memory)].map(m => tenantsOf(HEADER, limits, m))
    tenantOf('acme', one).label(points({ attributes: [['host', 'only one']] }))
    tenantOf('acme', two).label(points({ attributes: [['host', 'a']] }, { attributes: [['host', 'b']] }))
    tenantOf('acme', one).spend(100)
    tenantOf('acme', one).count(100, 7, new Map())
    tenantOf('acme', two).spend(1)
    tenantOf('acme', two).count(1, 8, new Map())
    for (const tenants of [one, two]) assert.throws(() => tenantOf('acme', tenants).admit(), { status: 429 })
    const usage = { tenant: 'acme', samples: 101, bytes: 15, series: 2, exported: 0, refused: 0, limited: 2 }
    assert.deepEqual(one.usage, [usage])
    assert.deepEqual(two.usage, [usage])
  })
})

test('series that break a limit of their tenant do not fill the table that all tenants share', () => {
  const table = new SeriesTable()
  const tenants = tenantsOf(HEADER, { max_series: 10, max_attributes: 1 }, new TenantMeters(1, 0), table)
  const tenant = tenantOf('acme', tenants)
  const context = table.contextOf(METRIC, NO_RESOURCE, NO_SCOPE)
  const send = (own: number) => {
    const attributes: Attributes = [
      ['own', String(own)],
      ['more', 'x']
    ]
    const id = tenant.decode(() => table.receive(context, attributes))
    if (id === UNKNOWN) return
    const builder = new PointBlockBuilder()
    builder.add(table.at(id), clock.now(), 1)
    assert.deepEqual([...tenant.label(builder.build()).refused], [['tenant_attribute_limit', 1]])
  }
  for (let own = 0; own < 100; own++) send(own)
  assert.equal(table.size, 10)
})

test('very many tenants have slots of their own', () => {
  const meters = new TenantMeters(1, 0)
  const slots = new Set(Array.from({ length: 4096 }, (_, i) => meters.slotOf(`t${i}`)))
  assert.equal(slots.size, 4096)
  assert.throws(() => meters.slotOf('one more'), { code: 'QUEUE_FULL' })
  assert.equal(meters.slotOf('t17'), [...meters.names].find(([, name]) => name === 't17')![0])
})

test('names that senders make up leave room for the usual tenant and those of the configuration', () => {
  const tenants = tenantsOf({ ...HEADER, default: 'shared', overrides: { acme: { burst: 1 } } })
  assert.throws(() => {
    for (let i = 0; i <= MOST_TENANTS; i++) tenantOf(`made-up-${i}`, tenants)
  }, /there are 4096 tenants already/)
  assert.equal(tenants.withoutRequest()!.name, 'shared')
  assert.equal(tenants.of(undefined, {}).name, 'shared')
  assert.equal(tenantOf('acme', tenants).name, 'acme')
})
