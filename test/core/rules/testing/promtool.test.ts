import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../../../core/cli/exit-codes.ts'
import { runTests } from '../../../../core/cli/test.ts'
import { promtoolProgram, promtoolVerdict } from '../../../servers/promtool.ts'
import { MemoryTerminal } from '../../cli/memory-terminal.ts'

const { path, skip } = await promtoolProgram()

const RULES = {
  groups: [
    {
      name: 'late',
      interval: '5m',
      rules: [{ record: 'twice', expr: 'sum:up * 2' }]
    },
    {
      name: 'early',
      rules: [
        { record: 'sum:up', expr: 'sum by (job) (up)', labels: { source: 'rule' } },
        { record: 'sum:up:next', expr: 'sum:up + 1' },
        { record: 'gone', expr: 'up{job="b"} == 1' }
      ]
    },
    {
      name: 'alerts',
      rules: [
        {
          alert: 'Down',
          expr: 'up == 0',
          for: '2m',
          labels: { severity: 'page', team: '{{ $labels.job }}-{{ $externalLabels.region }}' },
          annotations: {
            summary: '{{ $labels.instance }} is down: {{ $value }}',
            all: '{{ with query "sum(up)" }}{{ . | first | value }}{{ end }} {{ $externalURL }}'
          }
        },
        { alert: 'Held', expr: 'up == 0', keep_firing_for: '3m' },
        { alert: 'Same', expr: 'up{job="a"} == 0' },
        { alert: 'Same', expr: 'up{job="b"} == 0', labels: { second: 'yes' } }
      ]
    }
  ]
}

const SERIES = [
  { series: 'up{job="a", instance="1"}', values: '1 0x4 1x10' },
  { series: 'up{job="b", instance="2"}', values: '1x3 stale _x2 0 1+0x8' },
  { series: 'counter_total', values: '0+10x20' },
  { series: 'gauge', values: '5-1x3 _ -Inf 1.5 0x1 NaN 3e3' }
]

const DOWN = {
  exp_labels: { job: 'a', instance: '1', severity: 'page', team: 'a-north' },
  exp_annotations: { summary: '1 is down: 0', all: '0 http://x.example.com/' }
}
const held = (job: string, instance: string) => ({ exp_labels: { job, instance } })

const alertTest = (eval_time: string, alertname: string, exp_alerts: readonly unknown[] | null) => ({
  alert_rule_test: [{ eval_time, alertname, exp_alerts }]
})
const query = (
  expr: string,
  eval_time: string,
  ...samples: readonly (readonly [labels: string, value: unknown])[]
) => ({
  promql_expr_test: [{ expr, eval_time, exp_samples: samples.map(([labels, value]) => ({ labels, value })) }]
})

/** A test with these series, and whether it passes. */
const CASES: readonly (readonly [name: string, test: object, passes: boolean])[] = [
  ['an alert that fires', alertTest('4m', 'Down', [DOWN]), true],
  ['an alert that is pending', alertTest('2m', 'Down', []), true],
  ['an alert at a time between evaluations', alertTest('2m59s', 'Down', null), true],
  ['no alert expected, and one fires', alertTest('4m', 'Down', []), false],
  ['a label that differs', alertTest('4m', 'Down', [{ ...DOWN, exp_labels: { ...DOWN.exp_labels, job: 'x' } }]), false],
  ['an annotation that differs', alertTest('4m', 'Down', [{ ...DOWN, exp_annotations: { summary: 'x' } }]), false],
  ['annotations that are left out', alertTest('4m', 'Down', [{ exp_labels: DOWN.exp_labels }]), false],
  ['an alert expected twice', alertTest('4m', 'Down', [DOWN, DOWN]), false],
  ['an alert that nobody makes', alertTest('4m', 'Nope', []), true],
  ['an alert kept firing', alertTest('7m', 'Held', [held('a', '1'), held('b', '2')]), true],
  ['an alert kept firing to its end', alertTest('9m', 'Held', [held('b', '2')]), true],
  [
    'two rules of one alert',
    alertTest('7m', 'Same', [{ exp_labels: { job: 'b', instance: '2', second: 'yes' } }]),
    true
  ],
  ['no evaluation after the last time', alertTest('0m', 'Down', []), true],
  [
    'a rule sees those before it',
    query('sum:up:next', '1m', ['sum:up:next{job="a", source="rule"}', 1], ['sum:up:next{job="b", source="rule"}', 2]),
    true
  ],
  ['a group in its order', query('twice{job="a"}', '0m', ['twice{job="a", source="rule"}', 2]), true],
  ['a recorded series ends', query('gone', '4m'), true],
  ['a recorded series before its end', query('gone', '3m', ['gone{job="b", instance="2"}', 1]), true],
  ['a wrong value', query('sum:up:next{job="a"}', '1m', ['sum:up:next{job="a", source="rule"}', 2]), false],
  ['a sample too few', query('up', '1m', ['up{job="a", instance="1"}', 0]), false],
  ['a sample too many', query('up{job="a"}', '1m', ['up{job="a", instance="1"}', 0], ['up', 1]), false],
  ['a scalar', query('1 + 1', '1m', ['{}', 2]), true],
  ['a scalar without labels', query('1 + 1', '1m', ['', 2]), true],
  ['a string', query('"x"', '1m'), false],
  ['a range', query('up[5m]', '1m'), false],
  ['a value that is nearly right', query('0.1 + 0.2', '1m', ['{}', 0.3]), false],
  ['samples after the last evaluation are not there', query('counter_total', '90s', ['counter_total', 10]), true],
  ['a rate', query('round(rate(counter_total[5m]) * 60)', '10m', ['{}', 10]), true],
  ['a gap in a series', query('gauge', '4m', ['gauge', 2]), true],
  ['infinity', query('gauge == -Inf', '5m', ['gauge', Number.NEGATIVE_INFINITY]), true],
  [
    'alerts as series',
    query('ALERTS{alertname="Down"}', '2m', [
      'ALERTS{alertname="Down", alertstate="pending", instance="1", job="a", severity="page", team="a-north"}',
      1
    ]),
    true
  ],
  [
    'when alerts began',
    query('ALERTS_FOR_STATE{alertname="Down"}', '3m', [
      'ALERTS_FOR_STATE{alertname="Down", instance="1", job="a", severity="page", team="a-north"}',
      60
    ]),
    true
  ],
  ['the time', query('time()', '90s', ['{}', 90]), true],
  ['another interval', { ...query('counter_total', '1m', ['counter_total', 60]), interval: '10s' }, true],
  ['a query that cannot be read', query('sum(', '1m'), false],
  ['an unknown option', { ...query('1', '1m', ['{}', 1]), nope: 1 }, false],
  ['a time that is none', query('1', '1x', ['{}', 1]), false],
  ['labels that are none', query('1', '1m', ['{a=1}', 1]), false],
  ['values that are none', { input_series: [{ series: 'a', values: '1 b' }], ...query('1', '1m', ['{}', 1]) }, false]
]

test('tests of rules have the verdicts of promtool', { skip }, async t => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-rule-tests-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(join(folder, 'rules.json'), JSON.stringify(RULES))
  for (const [i, [name, body, passes]] of CASES.entries()) {
    const file = join(folder, `${i}.json`)
    writeFileSync(file, yamlOf(testFile(body)))
    const promtool = promtoolVerdict(path, file)
    const terminal = new MemoryTerminal()
    const ours = await runTests(terminal, [file])
    assert.equal(promtool.passed, passes, `${name}: promtool: ${promtool.output}`)
    assert.equal(ours === EXIT.ok, passes, `${name}: ${terminal.stdout}${terminal.stderr}`)
  }
})

function testFile(body: object) {
  const defaults = {
    interval: '1m',
    input_series: SERIES,
    external_labels: { region: 'north' },
    external_url: 'http://x.example.com/'
  }
  return {
    rule_files: ['*rules.json'],
    evaluation_interval: '1m',
    group_eval_order: ['early', 'late', 'alerts'],
    tests: [{ ...defaults, ...body }]
  }
}

/** JSON is YAML, but for numbers such as -Infinity. */
const yamlOf = (value: unknown) =>
  JSON.stringify(value, (_, each) => (each === Number.NEGATIVE_INFINITY ? '-inf!' : each)).replaceAll(
    '"-inf!"',
    '-.inf'
  )
