import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problems } from '../../../core/config/problems.ts'
import { readRuleFile } from '../../../core/rules/rule-file.ts'

function read(text: string) {
  const problems = new Problems()
  const groups = readRuleFile('rules.yml', text, problems)
  return { groups, problems: problems.format().split('\n').filter(Boolean) }
}

test('a rule file with everything', () => {
  const { groups, problems } = read(`
groups:
  - name: shop
    interval: 30s
    query_offset: 1m
    limit: 10
    labels: { team: shop }
    rules:
      - record: job:requests:rate5m
        expr: sum by (job) ( rate(requests_total[5m]) )
        labels: { source: weir }
      - alert: Down
        expr: up == 0
        for: 1h30m
        keep_firing_for: 5m
        labels: { severity: page, team: core }
        annotations: { summary: '{{ $labels.job }} is \${down}' }
  - name: empty
`)
  assert.deepEqual(problems, [])
  const [shop, empty] = groups.map(({ rules, ...group }) => ({
    ...group,
    rules: rules.map(({ expr, ...rule }) => ({ ...rule, type: expr.type }))
  }))
  assert.deepEqual(shop, {
    file: 'rules.yml',
    name: 'shop',
    intervalMs: 30_000,
    queryOffsetMs: 60_000,
    limit: 10,
    rules: [
      {
        kind: 'recording',
        name: 'job:requests:rate5m',
        query: 'sum by (job) (rate(requests_total[5m]))',
        labels: { team: 'shop', source: 'weir' },
        type: 'aggregation'
      },
      {
        kind: 'alerting',
        name: 'Down',
        query: 'up == 0',
        labels: { team: 'core', severity: 'page' },
        annotations: { summary: '{{ $labels.job }} is ${down}' },
        forMs: 5_400_000,
        keepFiringForMs: 300_000,
        type: 'binaryExpr'
      }
    ]
  })
  assert.deepEqual(empty, {
    file: 'rules.yml',
    name: 'empty',
    intervalMs: undefined,
    queryOffsetMs: undefined,
    limit: 0,
    rules: []
  })
  assert.deepEqual(read('').groups, [])
  assert.deepEqual(read('groups: []').groups, [])
})

test('every fault is told, with its place', () => {
  const group = (rule: string) => `groups:\n  - name: a\n    rules:\n      - ${rule}\n`
  const cases: readonly (readonly [text: string, problem: RegExp])[] = [
    ['groups: 1', /^rules\.yml:1:9: error: groups: expected a list/],
    ['group: []', /^rules\.yml:1:1: error: unknown option "group"; did you mean "groups"\?/],
    ['groups: [{ rules: [] }]', /missing option "name"/],
    ['groups:\n  - name: a\n  - name: a\n', /^rules\.yml:3:11: error: there are two groups "a"/],
    [group('expr: up'), /^rules\.yml:4:9: error: give a rule either `record`/],
    [group('{ alert: A, record: b, expr: up }'), /give a rule either `record`/],
    [group('{ alert: A, expr: "sum(" }'), /^rules\.yml:4:28: error: expr: 1:5/],
    [group('{ alert: A, exp: up }'), /unknown option "exp"; did you mean "expr"\?/],
    [group('{ alert: A, expr: up, for: 5 minutes }'), /:36: error: for: "5 minutes" is no duration/],
    [group('{ record: "a{b}", expr: up }'), /:20: error: "a\{b\}" cannot be the name of a metric/],
    [group('{ record: a, expr: up, for: 5m }'), /:37: error: for is for alerts/],
    [group('{ alert: A, expr: up, labels: { "a-b": x } }'), /labels: "a-b" cannot be the name of one/],
    [group('{ alert: A, expr: up, labels: { __name__: x } }'), /labels: "__name__" cannot be the name of one/],
    [group('{ alert: A, expr: up, annotations: { summary: "{{ nonsense }}" } }'), /annotations\.summary: /]
  ]
  for (const [text, problem] of cases) assert.match(read(text).problems.join('\n'), problem, text)
})

test('faults of several rules are told at once', () => {
  const rules = ['sum(', 'up', 'rate(up)'].map(expr => `      - { alert: A, expr: "${expr}" }`).join('\n')
  const { groups, problems } = read(`groups:\n  - name: a\n    rules:\n${rules}\n`)
  assert.equal(problems.length, 2)
  assert.equal(groups[0].rules.length, 1)
})
