import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DEFAULT_TENANT_LIMITS, type TenantLimits, type TenantsConfig } from '../../../../core/http/tenants/config.ts'
import { MOST_TENANTS, TenantMeters } from '../../../../core/http/tenants/meters.ts'
import { ConfiguredTenants } from '../../../../core/http/tenants/tenants.ts'
import { EventBlockBuilder } from '../../../../core/model/event-builder.ts'
import type { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { TENANT } from '../../../../core/model/tenant.ts'
import type { Tenant } from '../../../../core/plugin/access.ts'
import { type Attributes, type Block, findAttribute, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { testContext } from '../../../../sdk/plugin/testing.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const ATTRIBUTE = 'k8s.namespace.name'
const { clock, series } = testContext()

function tenantsOf(config: Partial<TenantsConfig> = {}, limits: Partial<TenantLimits> = {}) {
  const full = {
    over_limit_status: 429,
    overrides: {},
    attribute: ATTRIBUTE,
    ...config,
    limits: { ...DEFAULT_TENANT_LIMITS, ...limits }
  } as const
  return new ConfiguredTenants(full, new TenantMeters(1, 0), { clock, series })
}

const named = (name: string): Attributes => [[ATTRIBUTE, name]]

/** Points with the values 1, 2, …; each has the tenant in its resource, as an attribute of its own, or not at all. */
function points(...all: { resource?: Attributes; attributes?: Attributes }[]): Block {
  const builder = new PointBlockBuilder()
  for (const [i, { resource = [], attributes = [] }] of all.entries())
    builder.add(series.intern(METRIC, attributes, { attributes: resource, schemaUrl: '' }), clock.now(), i + 1)
  return builder.build()
}

function events(...all: Attributes[]): Block {
  const builder = new EventBlockBuilder()
  for (const [i, attributes] of all.entries()) builder.add(clock.now(), 'e', attributes, undefined, i + 1)
  return builder.build()
}

/** The values of each tenant's items, in order. */
function byTenant(block: Block): Record<string, number[]> {
  const values: Record<string, number[]> = {}
  for (let i = 0; i < block.length; i++) {
    const attributes =
      block.type === 'events'
        ? block.attributes[i]
        : (block.series.table as SeriesTable).read(block.series.ids[i]).resource.attributes
    const tenant = String(findAttribute(attributes, TENANT))
    values[tenant] = [...(values[tenant] ?? []), block.value[i]]
  }
  return values
}

const labelled = (tenant: Tenant, block: Block) => {
  const { block: own, refused } = tenant.label(block)
  return { own: byTenant(own), refused: Object.fromEntries(refused) }
}

describe('the tenant of an item', () => {
  it('is named by an attribute of its resource, else of its own, else it is that of the request', () => {
    const tenants = tenantsOf({ header: 'x-tenant' })
    const block = points(
      { resource: named('shop') },
      { attributes: named('bank') },
      { resource: named('shop'), attributes: named('bank') },
      {},
      { attributes: named('gate') },
      { attributes: named('') }
    )
    const want = { shop: [1, 3], bank: [2], gate: [4, 5, 6] }
    assert.deepEqual(labelled(tenants.of(undefined, { 'x-tenant': 'gate' }), block), { own: want, refused: {} })
    assert.deepEqual(labelled(tenants.of(undefined, {}), block), {
      own: { shop: [1, 3], bank: [2], gate: [5] },
      refused: { no_tenant: 2 }
    })
  })

  it('is that of the credentials, whatever it says', () => {
    const tenant = tenantsOf().of({ subject: 'anna', tenant: 'acme' }, {})
    const block = points({ resource: named('shop') }, {})
    assert.deepEqual(labelled(tenant, block), { own: { acme: [1, 2] }, refused: {} })
  })

  it('comes before the tenant of the receiver and the default one', () => {
    const tenants = tenantsOf({ default: 'rest' })
    const block = () => events(named('shop'), [])
    assert.deepEqual(labelled(tenants.withoutRequest()!, block()).own, { shop: [1], rest: [2] })
    assert.deepEqual(labelled(tenants.withoutRequest('infra')!, block()).own, { shop: [1], infra: [2] })
    assert.deepEqual(labelled(tenantsOf().withoutRequest()!, block()), {
      own: { shop: [1] },
      refused: { no_tenant: 1 }
    })
  })

  it('is no other than it says: names that cannot be one are refused, and those beyond the most', () => {
    const tenants = tenantsOf({ default: 'rest' })
    const bad = ['..', 'a/b', 'a b', 'x'.repeat(151)].map(named)
    const mixed = labelled(tenants.of(undefined, {}), events(...bad, named('shop'), [[ATTRIBUTE, 7]]))
    assert.deepEqual(mixed, { own: { shop: [5], 7: [6] }, refused: { bad_tenant_name: 4 } })
    for (let i = tenants.usage.length; i < MOST_TENANTS; i++) tenants.named(`made-up-${i}`)
    assert.deepEqual(labelled(tenants.of(undefined, {}), events(named('one-more'), [])), {
      own: { rest: [2] },
      refused: { too_many_tenants: 1 }
    })
  })
})

describe('the limits of tenants that items name', () => {
  it('hold for each', () => {
    const tenants = tenantsOf({ overrides: { shop: { max_series: 1 }, bank: { max_attributes: 1 } } })
    const host = (name: string): Attributes => [['host', name]]
    const block = points(
      ...['a', 'b'].flatMap(name =>
        ['shop', 'gate'].map(tenant => ({ resource: named(tenant), attributes: host(name) }))
      ),
      { attributes: [['host', 'a'], ...named('bank')] }
    )
    assert.deepEqual(labelled(tenants.of(undefined, {}), block), {
      own: { shop: [1], gate: [2, 4] },
      refused: { tenant_series_limit: 1, tenant_attribute_limit: 1 }
    })
  })

  it('refuse a request of tenants over their rates, and of a mixed one only their items', () => {
    const tenants = tenantsOf({}, { samples_per_second: 1, burst: 2 })
    const send = (...names: string[]) => {
      const label = tenants.of(undefined, {}).label(events(...names.map(named)))
      label.spend()
      label.count(10)
      return { own: byTenant(label.block), refused: Object.fromEntries(label.refused) }
    }
    send('loud', 'loud', 'loud', 'quiet')
    assert.throws(() => send('loud'), { status: 429, headers: { 'retry-after': '1' } })
    assert.deepEqual(send('loud', 'quiet', 'loud'), { own: { quiet: [2] }, refused: { tenant_rate_limit: 2 } })
    clock.advance(10_000)
    assert.deepEqual(send('loud').own, { loud: [1] })
    const figures = tenants.usage.map(({ tenant, samples, bytes }) => [tenant, samples, bytes])
    assert.deepEqual(figures.toSorted(), [
      ['loud', 4, 18],
      ['quiet', 2, 13]
    ])
  })

  it('are given back for items that come again', () => {
    const tenants = tenantsOf({}, { samples_per_second: 1, burst: 1 })
    const nacked = tenants.of(undefined, {}).label(events(...Array(9).fill(named('shop')), named('bank')))
    nacked.spend()
    nacked.giveBack()
    assert.deepEqual(byTenant(tenants.of(undefined, {}).label(events(named('shop'))).block), { shop: [1] })
  })

  it('do not drop items that come without a request, whose sender cannot come again', () => {
    const tenants = tenantsOf({}, { samples_per_second: 1, burst: 1 })
    for (let i = 0; i < 2; i++) {
      const label = tenants.withoutRequest()!.label(events(named('shop'), named('shop'), named('shop')))
      label.spend()
      assert.equal(label.block.length, 3)
    }
  })
})
