import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applySchema } from '../../../../core/config/schema.ts'
import { type Attributes, sortAttributes } from '../../../../core/model/attributes.ts'
import { matchBound } from '../../../../core/model/matching/bound.ts'
import { checkMatch } from '../../../../core/model/matching/check.ts'
import { type MatchConfig, matchSchema } from '../../../../core/model/matching/config.ts'
import { compileMatch } from '../../../../core/model/matching/match.ts'
import type { Metric } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'

const SCHEMA = { type: 'object', properties: { match: matchSchema('What it is about.') } } as const
const registry = new SeriesTable()
const resource = {
  attributes: sortAttributes([
    ['env', 'prod'],
    ['host', 'web-1']
  ]),
  schemaUrl: ''
}
const attributes: Attributes = sortAttributes([
  ['status', 503],
  ['code', '404'],
  ['big', 2n ** 60n],
  ['ok', true],
  ['env', 'dev'],
  ['route', '/cart/*'],
  ['note', null],
  ['blank', ' ']
])
const metric: Metric = { name: 'http.requests', unit: '', description: '', kind: 'counter', temporality: 'delta' }
const series = registry.intern(metric, attributes, resource)
const events = {
  type: 'events',
  length: 1,
  time: new Float64Array(1),
  name: ['signup'],
  id: [undefined],
  attributes: [attributes],
  value: new Float64Array(1)
} as const

const onAttribute = (key: string, condition: unknown) => ({ attributes: { [key]: condition } })

for (const [match, wanted] of [
  [{ name: 'http.requests' }, true],
  [{ name: 'http' }, false],
  [{ name: 'http.*' }, true],
  [{ name: '*.requests' }, true],
  [{ name: 'http.*.requests' }, false],
  [{ name: '*' }, true],
  [{ name: ['rpc.*', 'http.*'] }, true],
  [{ name: ['rpc.*', 'db.*'] }, false],
  [{ name: { regex: '^http[.]re' } }, true],
  [{ name: { regex: '^re' } }, false],
  [{ name: { not: 'http.*' } }, false],
  [{ name: { not: { regex: 'duration$' } } }, true],
  [{ name: { regex: 'http', not: ['a', 'http.requests'] } }, false],
  [{ kind: 'counter' }, true],
  [{ kind: ['gauge', 'event'] }, false],
  [{ temporality: 'delta' }, true],
  [{ temporality: ['cumulative', 'unspecified'] }, false],
  [{ name: 'http.*', kind: 'gauge' }, false],
  [[{ name: 'rpc.*' }, { kind: 'counter' }], true],
  [[{ name: 'rpc.*' }, { kind: 'gauge' }], false],
  [onAttribute('status', 503), true],
  [onAttribute('status', '503'), true],
  [onAttribute('status', '5*'), true],
  [onAttribute('status', [500, 503]), true],
  [onAttribute('status', { gte: 500 }), true],
  [onAttribute('status', { gte: 500, lt: 503 }), false],
  [onAttribute('status', { gt: 503 }), false],
  [onAttribute('status', { lte: 503, gt: 502 }), true],
  [onAttribute('code', { gte: 400, lt: 500 }), true],
  [onAttribute('code', 404), true],
  [onAttribute('big', { gt: 1e18 }), true],
  [onAttribute('route', { lt: 1 }), false],
  [onAttribute('blank', { lt: 1 }), false],
  [onAttribute('ok', true), true],
  [onAttribute('ok', false), false],
  [onAttribute('route', { regex: '\\*$' }), true],
  [onAttribute('env', 'dev'), true],
  [onAttribute('env', 'prod'), false],
  [onAttribute('host', { regex: '^web-' }), true],
  [onAttribute('user', 'x'), false],
  [onAttribute('user', { not: 'x' }), true],
  [onAttribute('user', { not: { regex: '.' } }), true],
  [onAttribute('user', { exists: false }), true],
  [onAttribute('user', { lt: 5 }), false],
  [onAttribute('user', { regex: '' }), false],
  [onAttribute('note', { exists: true }), false],
  [onAttribute('host', { exists: false }), false],
  [onAttribute('env', { exists: true, not: ['prod', 'staging'] }), true],
  [{ attributes: { status: 503, ok: false } }, false]
] as const) {
  test(`${JSON.stringify(match)} ${wanted ? 'takes' : 'leaves'} the series`, () => {
    assert.equal(compileMatch(accepted(match)).series(series), wanted)
  })
}

for (const [match, wanted] of [
  [{ name: 'sign*' }, true],
  [{ kind: 'event' }, true],
  [{ kind: 'counter' }, false],
  [{ temporality: 'unspecified' }, true],
  [onAttribute('status', { gte: 500 }), true],
  [onAttribute('host', 'web-1'), false]
] as const) {
  test(`${JSON.stringify(match)} ${wanted ? 'takes' : 'leaves'} the event`, () => {
    assert.equal(compileMatch(accepted(match)).event(events, 0), wanted)
  })
}

test('the answers of an expression stay right when more texts come than are remembered', () => {
  const match = compileMatch(accepted(onAttribute('n', { regex: '7$' })))
  for (let i = 0; i < 10_000; i++) {
    const one = registry.intern(metric, [['n', i]])
    assert.equal(match.series(one), i % 10 === 7)
    assert.equal(match.series(one), i % 10 === 7)
  }
})

for (const [match, path, message] of [
  [{ name: { regex: 'a(b' } }, 'name.regex', /"a\(b" is no regular expression of RE2 syntax: missing closing \)/],
  [{ name: { not: { regex: '(?=x)' } } }, 'name.not.regex', /Perl syntax in \(\?=/],
  [[{ name: 'a' }, onAttribute('k', { regex: '[z-a]' })], '1.attributes.k.regex', /character class range in z-a/],
  [onAttribute('k', { gt: 5, lte: 5 }), 'attributes.k', /no number/],
  [onAttribute('k', { gte: 5, lt: 4 }), 'attributes.k', /no number/],
  [onAttribute('k', { exists: false, gte: 4 }), 'attributes.k.exists', /passes no other test/]
] as const) {
  test(`a problem: ${JSON.stringify(match)}`, () => {
    const problems = checkMatch(accepted(match, false), [])
    assert.deepEqual(
      problems.map(problem => problem.path.join('.')),
      [path]
    )
    assert.match(problems[0].message, message)
  })
}

for (const [match, where] of [
  [{}, ''],
  [[], ''],
  ['http.*', ''],
  [{ nam: 'x' }, ''],
  [{ name: 5 }, '/name'],
  [{ name: [] }, '/name'],
  [{ name: { gte: 4 } }, '/name'],
  [{ kind: 'countr' }, '/kind'],
  [{ kind: ['event', 'countr'] }, '/kind/1'],
  [{ attributes: {} }, '/attributes'],
  [onAttribute('k', { gte: '4' }), '/attributes/k/gte'],
  [onAttribute('k', {}), '/attributes/k'],
  [onAttribute('k', null), '/attributes/k'],
  [[{ name: 'a' }, { name: 5 }], '/1/name']
] as const) {
  test(`refused: ${JSON.stringify(match)}`, () => {
    const { errors } = applySchema(SCHEMA, { match })
    assert.deepEqual(new Set(errors.map(({ instancePath }) => instancePath)), new Set([`/match${where}`]))
  })
}

test('memory is bounded by the number of expressions', () => {
  const none = { name: 'a', attributes: { k: [1, 2], l: { not: 'x' } } }
  const three = [{ name: { regex: 'a' } }, { attributes: { k: { regex: 'a', not: { regex: 'b' } } } }]
  assert.deepEqual([matchBound(undefined), matchBound(none)], [0, 0])
  assert.equal(matchBound(three), 3 * matchBound({ name: { regex: 'a' } }))
})

/** As a component gets it. */
function accepted(match: unknown, isGood = true): MatchConfig {
  const { value, errors } = applySchema(SCHEMA, { match })
  assert.deepEqual(errors, [])
  const { match: config } = value as { match: MatchConfig }
  if (isGood) assert.deepEqual(checkMatch(config, []), [])
  return config
}
