import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { applySchema } from '../../../core/config/schema.ts'
import type { Config } from '../../../processors/windowed_counter/config.ts'
import plugin from '../../../processors/windowed_counter/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'

/** What `check` says, as `path: message`. */
function problemsOf(options: Record<string, unknown>): string[] {
  const { value, errors } = applySchema(plugin.schema, options)
  assert.deepEqual(errors, [])
  return plugin.check!(value as Config).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

const BROKEN: [string, Record<string, unknown>, RegExp][] = [
  ['by and without', { by: ['a'], without: ['b'] }, /^without: .*leave one of them out$/],
  ['both in a rule', { rules: [{ by: ['a'], without: ['b'] }] }, /^rules\.0\.without: /],
  [
    'groups that expire before their windows come again',
    {
      windows: ['10s'],
      rules: [{}, { name: 'x.{name}', windows: ['1m', { size: '5m', every: '1m' }] }],
      max_stale: '9m'
    },
    /^max_stale: it must be at least 10m, two of the largest windows: raise it, or make the windows smaller$/
  ],
  ['a short window', { windows: ['50ms'] }, /^windows\.0: a window must be at least 100ms long$/],
  ['a short step', { windows: [{ size: '1s', every: '10ms' }] }, /^windows\.0: a window must be at least 100ms long$/],
  ['a window twice', { windows: ['1s', '1000ms'] }, /^windows\.1: this size stands here twice$/],
  ['gaps between windows', { windows: [{ size: '1s', every: '2s' }] }, /^windows\.0: `every` is longer than `size`/],
  ['nothing to slide by', { windows: [{ size: '5m' }] }, /^windows\.0: .*say how often it is made with `every`$/],
  ['too many panes', { windows: [{ size: '1d', every: '1s' }] }, /^windows\.0: .*choose a longer `every`$/],
  [
    'a sum of gauges',
    { aggregations: ['sum'], match: { kind: ['gauge', 'counter'] } },
    /^aggregations: gauges are not summed: .*take avg, min, max or last/
  ],
  ['gauges and nothing to make of them', { match: { kind: 'gauge' } }, /^match: gauges pass through unless/],
  [
    'an attribute and nothing to make of it',
    { attribute: 'user' },
    /^attribute: name the aggregations of this attribute in `aggregations`/
  ],
  [
    'an attribute as a label',
    { attribute: 'user', aggregations: ['unique'], by: ['user'] },
    /^by: `user` is aggregated, and no label; take it out of `by`$/
  ],
  [
    'totals of points that have none',
    { aggregations: ['max', 'avg'], output: ['cumulative'] },
    /^output: of max, avg .*add delta$/
  ],
  ['amending no windows', { late: 'amend', output: ['cumulative'] }, /^late: only windows are amended/],
  [
    'quantiles nobody asked for',
    { rules: [{ aggregations: ['avg'], quantiles: [0.5] }] },
    /^rules\.0\.quantiles: .*unless `aggregations` has quantiles$/
  ],
  [
    'an error of no quantiles',
    { rules: [{ relative_error: 0.1 }] },
    /^rules\.0\.relative_error: .*unless `aggregations` has quantiles$/
  ],
  [
    'how long to amend, but not to',
    { rules: [{ amend_for: '1m' }] },
    /^rules\.0\.amend_for: .*unless `late` is amend$/
  ],
  ['an unknown placeholder', { name: '{name}.{metric}' }, /^name: there is no \{metric\}; there are \{name\}, /],
  ['one name for all metrics', { name: 'requests' }, /^name: all metrics would have one name/],
  ['one name for a pattern', { name: 'requests', match: { name: 'http.*' } }, /^name: all metrics would have one name/],
  [
    'one name for aggregations',
    { name: 'edge.{name}', aggregations: ['min', 'max'] },
    /^name: min and max would have one name; put \{aggregation\} into it$/
  ],
  ['a window in the name of totals', { name: '{name}.{window}' }, /^name: totals have no \{window\}/],
  ['a broken expression', { match: { name: { regex: '(' } } }, /^match\.name\.regex: /],
  [
    'two metrics under one name',
    { name: 'all', rules: [{ match: { name: 'a' } }, { match: { name: 'b' } }] },
    /^rules\.1: this makes series of the same names as rule 1/
  ],
  [
    'a rule about part of the points of another',
    { rules: [{ match: { name: 'http.*' } }, { match: { name: 'http.requests', kind: 'counter' }, by: ['a'] }] },
    /^rules\.1: this makes series of the same names as rule 1/
  ],
  [
    'rules that collide',
    { rules: [{ by: ['a'] }, { match: { kind: 'counter' } }] },
    /^rules\.1: .*as rule 1; .*`name`, or let their `match` have nothing in common$/
  ],
  [
    'rules that collide in one aggregation',
    { rules: [{ aggregations: ['min', 'max'] }, { aggregations: ['max', 'avg'] }] },
    /^rules\.1: this makes series of the same names as rule 1/
  ]
]

const SOUND: [string, Record<string, unknown>][] = [
  ['a name for one metric', { name: 'requests', match: { name: 'http.requests' } }],
  ['a slide by the smallest', { windows: ['10s', { size: '5m' }] }],
  [
    'rules whose names have nothing in common',
    { rules: [{ match: { name: 'http.*' } }, { match: { name: ['db.*', 'queue'] } }] }
  ],
  ['rules about different things', { rules: [{ match: { kind: 'counter' } }, { match: { kind: 'event' } }] }],
  ['rules of different sizes', { output: ['delta'], rules: [{ windows: ['1s'] }, { windows: ['1m'] }] }],
  [
    'a rule that takes by from above, and one that does not',
    { by: ['a'], rules: [{}, { without: ['b'], name: 'x.{name}' }] }
  ],
  ['sums of more than gauges', { aggregations: ['sum', 'max'] }],
  ['values of gauges by an attribute', { aggregations: ['sum'], attribute: 'bytes', match: { kind: 'gauge' } }]
]

describe('options of windowed_counter', () => {
  for (const [name, options, want] of BROKEN)
    it(`refuses ${name}`, () => {
      const problems = problemsOf(options)
      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems[0], want)
    })

  for (const [name, options] of SOUND) it(`takes ${name}`, () => assert.deepEqual(problemsOf(options), []))

  it('reports a fault that several rules share once', () => {
    const rules = [{ match: { kind: 'counter' } }, { match: { kind: 'event' } }]
    assert.deepEqual(problemsOf({ windows: ['1s', '1s'], rules }), ['windows.1: this size stands here twice'])
  })
})

describe('plugin windowed_counter', () => {
  const corrects = (options: Record<string, unknown>) => plugin.corrects!(testConfig(plugin, options))
  const bound = (options: Record<string, unknown>) => plugin.memoryBound!(testConfig(plugin, options))

  it('amends where any rule does', () => {
    assert.equal(corrects({}), false)
    assert.equal(corrects({ late: 'amend' }), true)
    assert.equal(corrects({ late: 'amend', rules: [{ late: 'add' }] }), false)
    assert.equal(corrects({ rules: [{}, { late: 'amend', name: 'x.{name}' }] }), true)
  })

  it('has a bound of memory that grows with its state', () => {
    const usual = bound({})
    const step = (groups: number) => bound({ max_groups: groups + 1e6 }) - bound({ max_groups: groups })
    assert.equal(step(2e6), step(3e6))
    assert.ok(bound({ max_groups: 1000 }) < usual / 5)
    for (const more of [
      { late: 'amend' },
      { windows: ['1s', '10s', '1m', '1h', { size: '5m', every: '1s' }] },
      { aggregations: ['quantiles'] },
      { aggregations: ['unique'], attribute: 'user' },
      { rules: [{}, { name: 'x.{name}' }] }
    ])
      assert.ok(bound(more) > usual, JSON.stringify(more))
  })
})
