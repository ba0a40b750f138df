import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { checkDashboard } from '../../../../core/admin/dashboards/check.ts'
import { blocksOf, where } from '../../../docs/blocks.ts'
import { ROOT } from '../../../e2e/weir-process.ts'

const dashboard = (panels: string, more = '') => `{"title": "T", ${more}"rows": [{"panels": [${panels}]}]}`
const line = (promql: string) =>
  dashboard(`{"kind": "line", "title": "A", "queries": [{"promql": ${JSON.stringify(promql)}}]}`)
const variables = (list: string) => dashboard('', `"variables": [${list}], `)

/** Place and message of each problem. */
const cases: readonly (readonly [name: string, text: string, want: readonly string[]])[] = [
  ['no JSON', '{"title": "T",\n  "rows": [}', ["2:12: it is no JSON: Unexpected token '}'"]],
  ['a text that ends', '{"title": "T",', ['1:15: it is no JSON: Expected double-quoted property name']],
  ['a comma too much', '{"title": "T",\n}', ['2:1: it is no JSON: Expected double-quoted property name']],
  ['something else', '[]', ['1:1: expected a mapping, got an empty list']],
  [
    'a key twice',
    '{"title": "T",\n"title": "U", "rows": [{"panels": []}]}',
    ['2:2: "title" stands twice in the same mapping']
  ],
  [
    'indented by tabs',
    '{"title": "T",\n\t"rows": [\n\t\t{"panels": [],\n\t\t"x": 1}]}',
    ['4:4: rows[0]: unknown option "x"; known here: panels, title']
  ],
  [
    'nothing',
    '{}',
    ['1:1: missing option "title": Its name on the page.', '1:1: missing option "rows": Rows of panels.']
  ],
  [
    'a value that would make megabytes of each reference',
    variables(`{"kind": "fixed", "name": "a", "values": ["${'b'.repeat(1001)}"]}`),
    [`1:73: variables[0].values[0]: must NOT have more than 1000 characters, got "${'b'.repeat(56)}...`]
  ],
  [
    'an unknown kind',
    dashboard('{"kind": "lines", "title": "A"}'),
    [
      '1:47: rows[0].panels[0].kind: expected one of line, bar, stacked, stat, table, heatmap, top, funnel, retention, got "lines"; did you mean "line"?'
    ]
  ],
  [
    'no kind',
    dashboard('{"title": "A"}'),
    [
      '1:37: rows[0].panels[0].kind: expected one of line, bar, stacked, stat, table, heatmap, top, funnel, retention, got nothing'
    ]
  ],
  [
    'neither queries nor events',
    dashboard('{"kind": "line", "title": "A"}'),
    ['1:37: rows[0].panels[0]: a panel shows either queries or events: give one of the two']
  ],
  [
    'both',
    dashboard('{"kind": "line", "title": "A", "events": {}, "queries": [{"promql": "up"}]}'),
    ['1:37: rows[0].panels[0]: a panel shows either queries or events: give one of the two']
  ],
  [
    'a query that does not parse',
    line('sum(up'),
    [
      '1:92: rows[0].panels[0].queries[0].promql: 1:7: parse error: unexpected end of input in aggregation, expected "," or ")"'
    ]
  ],
  [
    'an unknown variable',
    line('sum by ($by) (up)'),
    [
      '1:92: rows[0].panels[0].queries[0].promql: there is no variable $by: known here are $__interval, $__rate_interval, $__range'
    ]
  ],
  [
    'a title with an unknown variable',
    dashboard('{"kind": "stat", "title": "By $by", "events": {}}'),
    ['1:64: rows[0].panels[0].title: there is no variable $by: known here are $__interval, $__rate_interval, $__range']
  ],
  [
    'a step that is none',
    dashboard('{"kind": "line", "title": "A", "step": "soon", "events": {}}'),
    ['1:77: rows[0].panels[0].step: "soon" is no length of time: use 10s, 5m or 1d']
  ],
  [
    'a funnel of one step',
    dashboard('{"kind": "funnel", "title": "A", "events": {"of": "u", "steps": ["a"]}}'),
    ['1:101: rows[0].panels[0].events.steps: needs at least 2, got a list of 1']
  ],
  [
    'a step of a funnel that is no selector',
    dashboard('{"kind": "funnel", "title": "A", "events": {"of": "u", "steps": ["a", "a b"]}}'),
    [
      '1:108: rows[0].panels[0].events.steps[1]: 1:3: parse error: unexpected identifier b in expression, expected end of input'
    ]
  ],
  [
    'two variables of one name',
    variables('{"kind": "event_names", "name": "a"}, {"kind": "event_names", "name": "a"}'),
    ['1:101: variables[1].name: another variable is called a: give this one another name']
  ],
  [
    'a variable that refers to a later one',
    variables(
      '{"kind": "label", "name": "a", "label": "x", "match": "{y=\\"$b\\"}"}, {"kind": "event_names", "name": "b"}'
    ),
    ['1:85: variables[0].match: there is no variable $b: known here are $__interval, $__rate_interval, $__range']
  ],
  [
    'a variable without values',
    variables('{"kind": "fixed", "name": "a", "values": []}'),
    ['1:71: variables[0].values: needs at least 1, got an empty list']
  ],
  [
    'a range that is none',
    dashboard('', '"range": "1 hour", '),
    ['1:26: range: expected a length of time such as 15m, 6h or 7d, got "1 hour"']
  ]
]

for (const [name, text, want] of cases)
  test(`a dashboard: ${name}`, () => {
    const { dashboard, problems } = checkDashboard(text)
    assert.deepEqual(
      problems.map(({ line, column, message }) => `${line}:${column}: ${message}`),
      want
    )
    assert.equal(dashboard, undefined)
  })

test('values that are nested too deeply are a problem, not a crash', () => {
  const { problems } = checkDashboard('['.repeat(100_000) + ']'.repeat(100_000))
  assert.equal(problems.length, 1)
})

test('very many unknown options do not stop the process for minutes', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `"k${i}": 1`)
  const { problems } = checkDashboard(`{${keys.join(', ')}}`)
  assert.equal(problems.length, 20_002)
})

test('a broken dashboard keeps its title', () => {
  assert.equal(checkDashboard('{"title": "Mine"}').title, 'Mine')
  assert.equal(checkDashboard('{"title": 7}').title, '')
})

for (const file of globSync('configs/dashboards/*.json', { cwd: ROOT }))
  test(`${file} has no problems`, () => {
    const { dashboard, problems } = checkDashboard(readFileSync(path.join(ROOT, file), 'utf8'))
    assert.deepEqual(problems, [])
    assert.ok(dashboard!.rows.length > 0)
  })

for (const block of blocksOf('docs/dashboards.md').filter(({ language }) => language === 'json'))
  test(`${where(block)} has no problems`, () => assert.deepEqual(checkDashboard(block.text).problems, []))
