import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Attribute, sortAttributes } from '../../../../core/model/attributes.ts'
import type { Distribution } from '../../../../core/model/distribution.ts'
import { namedSeries } from '../../../../core/model/named-series.ts'
import { PointBlockBuilder } from '../../../../core/model/points.ts'
import type { Metric, Scope } from '../../../../core/model/series.ts'
import { NO_SCOPE } from '../../../../core/model/series.ts'
import { UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { parseSelector } from '../../../../core/promql/parser/parse.ts'
import type { Labels } from '../../../../core/wire/prometheus/labels.ts'
import { namedStreams } from '../../../../core/wire/prometheus/named-streams.ts'
import { TRANSLATION_STRATEGIES } from '../../../../core/wire/prometheus/translation-strategy.ts'
import { Translator } from '../../../../core/wire/prometheus/translator.ts'

const NOW = 1_700_000_000_000
const histogram: Distribution = { kind: 'histogram', count: 1, sum: 1, min: 1, max: 1, bounds: [1], counts: [1, 0] }
const summary: Distribution = { kind: 'summary', count: 1, sum: 1, quantiles: [{ quantile: 0.5, value: 1 }] }
const scope: Scope = { name: 'lib', version: '1', attributes: [['a.b', 'c']], schemaUrl: '' }

interface Case {
  readonly metric: Partial<Metric>
  readonly attributes?: readonly Attribute[]
  readonly resource?: readonly Attribute[]
  readonly scope?: Scope
  readonly distribution?: Distribution
}

const CASES: readonly Case[] = [
  { metric: { name: 'http.requests' }, attributes: [['http.route', '/a"\\\n']] },
  { metric: { name: 'http.requests', temporality: 'cumulative' }, attributes: [['0', 'x']] },
  { metric: { name: 'size', kind: 'gauge', temporality: 'unspecified', unit: 'By' }, scope },
  {
    metric: { name: 'füll' },
    resource: [
      ['service.name', 'shop'],
      ['service.instance.id', 'a'],
      ['zone', 'z']
    ]
  },
  { metric: { name: 'time', kind: 'histogram', unit: 's' }, attributes: [['le_', 'x']], distribution: histogram },
  { metric: { name: 'time', kind: 'summary', temporality: 'unspecified' }, distribution: summary }
]

for (const strategy of TRANSLATION_STRATEGIES) {
  for (const [i, { metric, attributes = [], resource = [], scope = NO_SCOPE, distribution }] of CASES.entries()) {
    test(`${strategy}: series ${i} has the names and labels that it is sent with`, () => {
      const options = { strategy, externalLabels: { region: 'north' }, promoteResourceAttributes: ['zone'] }
      const table = new SeriesTable()
      const full: Metric = { name: '', unit: '', description: '', kind: 'counter', temporality: 'delta', ...metric }
      const resources = { attributes: sortAttributes(resource), schemaUrl: '' }
      const series = table.intern(full, sortAttributes(attributes), resources, scope)
      const sent = new Set<string>()
      const idOf = (labels: Labels) => {
        const own = labels.filter(([name]) => distribution === undefined || (name !== 'le' && name !== 'quantile'))
        sent.add(JSON.stringify([...own].sort()))
        return 0
      }
      const points = new PointBlockBuilder()
      if (distribution === undefined) points.add(series, NOW, 1)
      else points.addDistribution(series, NOW, distribution)
      new Translator(
        table,
        { ...options, targetInfo: false, exponentialHistograms: 'vmrange' },
        { idOf, idLike: () => UNKNOWN }
      ).translate(points.build(), NOW)
      const named = namedStreams(namedSeries(series), options).map(text =>
        JSON.stringify(
          parseSelector(text)
            .map(({ name, value }) => [name, value])
            .sort()
        )
      )
      assert.deepEqual(named.sort(), [...sent].sort())
    })
  }
}
