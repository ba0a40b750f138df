import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attribute, sortAttributes } from '../../../../core/model/attributes.ts'
import { NO_RESOURCE, NO_SCOPE, type Scope } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import {
  type LabelOptions,
  type Labels,
  seriesLabels,
  targetInfoLabels,
  withLabels
} from '../../../../core/wire/prometheus/labels.ts'
import { NumberLabels } from '../../../../core/wire/prometheus/number-labels.ts'

const METRIC = { name: 'm', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
const OPTIONS: LabelOptions = {
  strategy: 'UnderscoreEscapingWithSuffixes',
  externalLabels: {},
  promoteResourceAttributes: []
}
const SHOP: Attribute[] = [
  ['host.name', 'h1'],
  ['service.instance.id', 'i-7'],
  ['service.name', 'shop'],
  ['service.namespace', 'eu']
]

const registry = new SeriesTable()
const resource = (...attributes: Attribute[]) => ({ attributes: sortAttributes(attributes), schemaUrl: '' })

function labels(
  attributes: Attribute[],
  options: Partial<LabelOptions> = {},
  of = NO_RESOURCE,
  scope: Scope = NO_SCOPE
) {
  const series = registry.intern(METRIC, sortAttributes(attributes), of, scope)
  return Object.fromEntries(seriesLabels(series, { ...OPTIONS, ...options }))
}

test('attributes of any type become text; empty ones are no labels', () => {
  const attributes: Attribute[] = [
    ['code', 200],
    ['ok', true],
    ['list', ['a', 1]],
    ['none', null],
    ['empty', '']
  ]
  assert.deepEqual(labels(attributes), { code: '200', list: '["a",1]', ok: 'true' })
})

test('keys that become the same label are joined by ; in the order of the keys', () => {
  assert.deepEqual(
    labels([
      ['a_b', '3'],
      ['a.b', '2'],
      ['a-b', '1']
    ]),
    { a_b: '1;2;3' }
  )
})

test('the resource gives job and instance, the scope its labels', () => {
  const scope = { name: 'lib', version: '1.2', attributes: [['k.1', 'v']], schemaUrl: 'http://s' } as const
  assert.deepEqual(labels([['x', '1']], {}, resource(...SHOP), scope), {
    instance: 'i-7',
    job: 'eu/shop',
    otel_scope_k_1: 'v',
    otel_scope_name: 'lib',
    otel_scope_schema_url: 'http://s',
    otel_scope_version: '1.2',
    x: '1'
  })
  assert.deepEqual(labels([], {}, resource(['service.name', 'shop'])), { job: 'shop' })
})

test('promoted and external labels do not replace a label of the series', () => {
  const options = {
    promoteResourceAttributes: ['host.name', 'absent'],
    externalLabels: { cluster: 'c', job: 'ext', host_name: 'ext' }
  }
  assert.deepEqual(labels([['host.name', 'own']], options, resource(...SHOP)), {
    cluster: 'c',
    host_name: 'own',
    instance: 'i-7',
    job: 'eu/shop'
  })
  assert.deepEqual(labels([], options, resource(['host.name', 'h1'])), { cluster: 'c', host_name: 'h1', job: 'ext' })
})

test('target_info has the attributes beside job and instance', () => {
  const cases: [Attribute[], Record<string, string> | undefined][] = [
    [SHOP, { host_name: 'h1', instance: 'i-7', job: 'eu/shop' }],
    [SHOP.slice(1), undefined],
    [SHOP.slice(0, 1), undefined],
    [[], undefined]
  ]
  for (const [attributes, want] of cases) {
    const got = targetInfoLabels(resource(...attributes), OPTIONS)
    assert.deepEqual(got && Object.fromEntries(got), want)
  }
})

test('labels are sorted, and those added replace', () => {
  const got = withLabels(
    [
      ['a', '1'],
      ['le', 'x']
    ],
    ['le', '5'],
    ['__name__', 'm']
  )
  assert.deepEqual(got, [
    ['__name__', 'm'],
    ['a', '1'],
    ['le', '5']
  ])
})

test('regression: attributes of the scope took the place of its name, version and schema', () => {
  const attributes = [
    ['name', 'wrong'],
    ['schema.url', 'wrong'],
    ['schema_url', 'wrong'],
    ['version', 'wrong']
  ] as const
  const scope = { name: 'lib', version: '1.2', attributes, schemaUrl: 'http://s' }
  const names = { otel_scope_name: 'lib', otel_scope_schema_url: 'http://s', otel_scope_version: '1.2' }
  assert.deepEqual(labels([], {}, undefined, scope), names)
  assert.deepEqual(labels([], {}, undefined, { ...scope, name: '', version: '', schemaUrl: '' }), {})
})

test('the labels of the tenant that a store has for one of ours, which a sender cannot name', () => {
  const tenants = new Map<string, Labels>([
    [
      'acme',
      [
        ['vm_account_id', '12'],
        ['vm_project_id', '3']
      ]
    ]
  ])
  const forged: Attribute[] = [
    ['vm.account-id', '9'],
    ['vm_project_id', '9']
  ]
  const own = { weir_tenant: 'acme', vm_account_id: '12', vm_project_id: '3' }
  const of = resource(['weir.tenant', 'acme'])
  assert.deepEqual(labels(forged, { tenants }, of), own)
  // Windows have it as an attribute of the point.
  assert.deepEqual(labels([['weir.tenant', 'acme'], ...forged], { tenants }), own)
  assert.deepEqual(labels(forged, { tenants }, resource(['weir.tenant', 'other'])), { weir_tenant: 'other' })
  assert.deepEqual(labels([['vm_account_id', '9']]), { vm_account_id: '9' })
  const numbers = new NumberLabels({ ...OPTIONS, tenants })
  const context = { id: 0, metric: METRIC, resource: of, scope: NO_SCOPE }
  assert.deepEqual(Object.fromEntries(numbers.of(sortAttributes(forged), context, 'm').labels), {
    ...own,
    __name__: 'm'
  })
})
