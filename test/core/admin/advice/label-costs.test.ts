import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelCosts } from '../../../../core/admin/advice/label-costs.ts'
import { type Attribute, sortAttributes } from '../../../../core/model/attributes.ts'
import { NO_SCOPE } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'

/** Of the estimates. */
const ERROR = 0.03

const counter = (name: string) => ({ name, unit: '', description: '', kind: 'counter', temporality: 'delta' }) as const

test('the series that would be left without each label', async () => {
  const table = new SeriesTable()
  const receive = (name: string, attributes: Attribute[], resource: Attribute[] = []) =>
    table.receive(
      table.contextOf(counter(name), { attributes: sortAttributes(resource), schemaUrl: '' }, NO_SCOPE),
      sortAttributes(attributes)
    )
  for (let user = 0; user < 300; user++)
    for (let route = 0; route < 5; route++)
      receive(
        'hits',
        [
          ['user', `u${user}`],
          ['route', `/${route}`],
          ['plan', user % 2 === 0 ? 'free' : 'pro']
        ],
        [['host', `h${user % 3}`]]
      )
  receive('starts', [['app', 'a']])
  for (const name of ['hits', 'signup'])
    for (const window of ['1s', '10s']) table.intern(counter(name), [['window', window]])
  const costs = await labelCosts(
    table,
    metric => label => metric.name === 'hits' && (label === 'user' || label === 'host')
  )
  assert.deepEqual(
    costs.map(({ metric, isReceived, series }) => [metric.name, isReceived, series]),
    [
      ['hits', true, 1500],
      ['signup', false, 2],
      ['starts', true, 1]
    ]
  )
  const [hits, , starts] = costs
  const near = (value: number, want: number, what: string) =>
    assert.ok(Math.abs(value - want) <= Math.max(1, ERROR * want), `${what}: ${value}, not ${want}`)
  for (const [name, values, without] of [
    ['user', 300, 30],
    ['route', 5, 300],
    ['plan', 2, 1500],
    ['host', 3, 1500]
  ] as const) {
    const label = hits.labels.find(one => one.name === name)!
    near(label.values, values, `values of ${name}`)
    near(label.seriesWithout, without, `series without ${name}`)
  }
  near(hits.seriesWithoutUnused, 10, 'series without user and host')
  assert.equal(starts.seriesWithoutUnused, 1)
  assert.equal(hits.isSampled, false)
})

test('of very many series some are looked into', async () => {
  const table = new SeriesTable()
  const context = table.contextOf(counter('hits'), { attributes: [], schemaUrl: '' }, NO_SCOPE)
  for (let i = 0; i < 40_000; i++)
    table.receive(context, [
      ['a', `${i % 10}`],
      ['b', `${i}`]
    ])
  const [hits] = await labelCosts(table, () => () => false)
  assert.equal(hits.series, 40_000)
  assert.equal(hits.isSampled, true)
  const [a] = hits.labels.filter(({ name }) => name === 'a')
  assert.ok(Math.abs(a.seriesWithout - 40_000) < 40_000 * ERROR)
})
