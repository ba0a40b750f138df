import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sortAttributes } from '../../../../core/model/attributes.ts'
import { seriesLabels, withLabels } from '../../../../core/wire/prometheus/labels.ts'
import { NumberLabels } from '../../../../core/wire/prometheus/number-labels.ts'
import { TRANSLATION_STRATEGIES } from '../../../../core/wire/prometheus/translation-strategy.ts'

const KEY = fc.constantFrom(
  'a',
  'a.b',
  'a_b',
  'b',
  'job',
  'instance',
  'otel_scope_name',
  '__name__',
  '',
  '1',
  'x',
  'é',
  'region'
)
const VALUE = fc.oneof(fc.constantFrom('', 'v', 'é'), fc.integer(), fc.constant(null))
const attributes = fc.array(fc.tuple(KEY, VALUE), { maxLength: 5 }).map(sortAttributes)
const METRIC = { name: 'm', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const

test('labels of numbers are those that the rules give, whatever names meet', () => {
  const options = fc.record({
    strategy: fc.constantFrom(...TRANSLATION_STRATEGIES),
    externalLabels: fc.constantFrom<Record<string, string>>({}, { region: 'eu', a: 'x' }),
    promoteResourceAttributes: fc.constantFrom([], ['b', 'x'])
  })
  const resource = fc
    .array(fc.tuple(fc.constantFrom('service.name', 'service.instance.id', 'b', 'x'), VALUE), { maxLength: 3 })
    .map(pairs => ({ attributes: sortAttributes(pairs), schemaUrl: '' }))
  const scope = fc.record({
    name: fc.constantFrom('', 'lib'),
    version: fc.constant(''),
    attributes,
    schemaUrl: fc.constant('')
  })
  fc.assert(
    fc.property(options, resource, scope, fc.array(attributes, { maxLength: 3 }), (options, resource, scope, all) => {
      const labels = new NumberLabels(options)
      const context = { metric: METRIC, resource, scope }
      for (const attributes of all)
        assert.deepEqual(
          labels.of(attributes, context, 'm_total').labels,
          withLabels(seriesLabels({ attributes, resource, scope }, options), ['__name__', 'm_total'])
        )
    }),
    { numRuns: 2000 }
  )
})

test('an attribute of the scope that is empty takes the label of one of the series, as the rules have it', () => {
  const options = { strategy: 'NoTranslation', externalLabels: {}, promoteResourceAttributes: [] } as const
  const attributes = [['otel_scope_x', 'of the series']] as const
  const scope = { name: '', version: '', attributes: [['x', '']] as const, schemaUrl: '' }
  const resource = { attributes: [], schemaUrl: '' }
  assert.deepEqual(
    new NumberLabels(options).of(attributes, { metric: METRIC, resource, scope }, 'm').labels,
    withLabels(seriesLabels({ attributes, resource, scope }, options), ['__name__', 'm'])
  )
})
