import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { runTests } from '../../../core/cli/test.ts'
import { MemoryTerminal } from './memory-terminal.ts'

const RULES = `
groups:
  - name: queues
    rules:
      - record: queue:size
        expr: sum by (queue) (size)
      - alert: QueueLong
        expr: queue:size > 5
        annotations: { summary: '{{ $labels.queue }} has {{ $value }}' }
`

/** Runs tests with these files beside them. Names in the output are without their folder. */
async function run(t: TestContext, tests: string, rules = RULES) {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'rules.yml'), rules)
  const file = path.join(folder, 'tests.yml')
  writeFileSync(file, tests)
  const terminal = new MemoryTerminal()
  const code = await runTests(terminal, [file])
  const shown = (text: string) => text.replaceAll(`${folder}/`, '').trimEnd()
  return { code, out: shown(terminal.stdout), err: shown(terminal.stderr) }
}

const testsOf = (body: string) => `
rule_files: [rules.yml]
tests:
  - name: long queues
    input_series: [{ series: 'size{queue="a"}', values: '3+3x10' }]
    ${body.trim()}
`

test('tests that pass', async t => {
  const tests = testsOf(`
    start_timestamp: 2024-02-29T12:00:00Z
    alert_rule_test:
      - eval_time: 1m
        alertname: QueueLong
        exp_alerts: [{ exp_labels: { queue: a }, exp_annotations: { summary: a has 6 } }]
    promql_expr_test:
      - { expr: time(), eval_time: 1m, exp_samples: [{ value: 1709208060 }] }
      - { expr: vector(NaN), exp_samples: [{ value: .nan }] }
      - { expr: vector(-Inf), exp_samples: [{ value: -Inf }] }
`)
  assert.deepEqual(await run(t, tests), { code: EXIT.ok, out: 'tests.yml: SUCCESS: 4 expectations in 1 test', err: '' })
})

test('every expectation that is not met is shown, with its place and the difference', async t => {
  const tests = testsOf(`
    alert_rule_test:
      - eval_time: 1m
        alertname: QueueLong
        exp_alerts:
          - exp_labels: { queue: a }
            exp_annotations: { summary: a has 7 }
          - exp_labels: { queue: b }
      - { eval_time: 2m, alertname: QueueLong }
      - { eval_time: 2m, alertname: QueueLnog }
    promql_expr_test:
      - { expr: queue:size, eval_time: 1m, exp_samples: [{ labels: 'queue:size{queue="a"}', value: 7 }, { labels: x }] }
      - { expr: size, eval_time: 1m }
      - { expr: 'size[1m]', eval_time: 1m }
      - { expr: 'size * on () (size or vector(1))' }
`)
  const { code, out, err } = await run(t, tests)
  assert.deepEqual([code, out], [EXIT.invalid, ''])
  assert.equal(
    err,
    `
tests.yml:14:9: warning: no rule makes the alert "QueueLnog"
tests.yml: FAILED
tests.yml:7:9: long queues: alert QueueLong at 1m
    annotation summary of {alertname="QueueLong", queue="a"}
      expected: "a has 7"
      got:      "a has 6"
    missing:    {alertname="QueueLong", queue="b"} annotations {}
tests.yml:13:9: long queues: alert QueueLong at 2m
    unexpected: {alertname="QueueLong", queue="a"} annotations {summary="a has 9"}
tests.yml:16:9: long queues: query queue:size at 1m
    value of {__name__="queue:size", queue="a"}
      expected: 7
      got:      6
    missing:    {__name__="x"} 0
tests.yml:17:9: long queues: query size at 1m
    unexpected: {__name__="size", queue="a"} 6
tests.yml:18:9: long queues: query size[1m] at 1m
    expected an instant vector or a scalar, got a matrix
tests.yml:19:9: long queues: query size * on () (size or vector(1)) at 0s: found duplicate series for the match group {} on the right hand-side of the operation: [{__name__="size", queue="a"}, {}];many-to-many matching not allowed: matching labels must be unique on one side`.trim()
  )
})

test('a rule that fails ends its test', async t => {
  const tests = testsOf("promql_expr_test: [{ expr: '1', eval_time: 1m }]")
  const rules = `
groups:
  - name: a
    rules: [{ record: x, expr: 'label_replace(size, "x", "$1", "queue", "(")' }]`
  const { code, err } = await run(t, tests, rules)
  assert.equal(code, EXIT.invalid)
  assert.match(err, /^tests\.yml: FAILED\ntests\.yml:4:5: long queues: rule x at 0s: "\(" is no regular expression/)
})

test('native histograms are compared but for marks that are not written', async t => {
  const series = `[{ series: h, values: '{{schema:0 count:3 sum:5 buckets:[1 2]}}+{{count:1 sum:1 buckets:[1]}}x3' }]`
  const expect = (histogram: string) => `
tests:
  - input_series: ${series}
    promql_expr_test: [{ expr: h, eval_time: 1m, exp_samples: [{ labels: h, histogram: '${histogram}' }] }]`
  assert.equal((await run(t, expect('{{schema:0 count:4 sum:6 buckets:[2 2]}}'))).code, EXIT.ok)
  const { err } = await run(t, expect('{{schema:0 count:4 sum:7 buckets:[2 2]}}'))
  assert.match(
    err,
    /expected: \{\{schema:0 count:4 sum:7 .*\n +got: {6}\{\{schema:0 count:4 sum:6 offset:0 buckets:\[2 2\]/
  )
})

test('fuzzy_compare allows a difference in the last bit', async t => {
  const tests = (fuzzy: boolean, value: number) =>
    `{ fuzzy_compare: ${fuzzy}, tests: [{ promql_expr_test: [{ expr: 0.1 + 0.2, exp_samples: [{ value: ${value} }] }] }] }`
  assert.equal((await run(t, tests(false, 0.3))).code, EXIT.invalid)
  assert.equal((await run(t, tests(true, 0.3))).code, EXIT.ok)
  assert.equal((await run(t, tests(true, 0.2999999))).code, EXIT.invalid)
})

const faults = [
  [
    'tests: [{ intervall: 1m }]',
    'tests.yml:1:11: error: tests[0]: unknown option "intervall"; did you mean "interval"?'
  ],
  ['tests: 5', 'tests.yml:1:8: error: tests: expected a list, got 5'],
  ['tests: [{ interval: 1x }]', 'tests.yml:1:21: error: interval: "1x" is no duration: write 5m or 1h30m'],
  [
    'tests: [{ alert_rule_test: [{ eval_time: 1m }] }]',
    'tests.yml:1:29: error: tests[0].alert_rule_test[0]: missing option "alertname": The name of the alert.'
  ],
  [
    'tests: [{ start_timestamp: yesterday }]',
    'tests.yml:1:28: error: start_timestamp: expected Unix seconds or a time such as 2024-02-29T12:00:00Z, got "yesterday"'
  ],
  [
    'tests: [{ input_series: [{ series: "a{", values: 1 }] }]',
    'tests.yml:1:37: error: series: 1:3: parse error: unexpected end of input in label matching, expected label name or "}"'
  ],
  [
    'tests: [{ input_series: [{ series: "a{b!=\'c\'}", values: 1 }] }]',
    'tests.yml:1:37: error: series: "a{b!=\'c\'}" has conditions: labels are written as label="value"'
  ],
  ['tests: [{ input_series: [{ series: a, values: 1 2+ }] }]', 'tests.yml:1:47: error: values: "2+" is no number'],
  [
    'tests: [{ input_series: [{ series: a, values: 1x99999999 }] }]',
    'tests.yml:1:47: error: values: 1x99999999 makes more than 1000000 samples of one series, which are the most'
  ],
  [
    'tests: [{ promql_expr_test: [{ expr: "sum(" }] }]',
    /^tests\.yml:1:39: error: expr: 1:5: parse error: unexpected end of input/
  ],
  [
    'tests: [{ promql_expr_test: [{ expr: a, exp_samples: [{ value: x }] }] }]',
    'tests.yml:1:64: error: value: "x" is no number'
  ],
  [
    'tests: [{ promql_expr_test: [{ expr: a, exp_samples: [{ histogram: "5" }] }] }]',
    /histogram: "5" is no histogram: write \{\{/
  ],
  ['rule_files: [none.yml]', /^tests\.yml:1:14: error: cannot read the rule file none\.yml: ENOENT/],
  ['group_eval_order: [a, a]', /^tests\.yml:1:23: error: the group "a" stands twice in group_eval_order/m]
] as const

for (const [tests, want] of faults) {
  test(`a fault of ${tests}`, async t => {
    const { code, err } = await run(t, tests)
    assert.equal(code, EXIT.invalid)
    if (typeof want === 'string') assert.equal(err.split('\n')[0], want)
    else assert.match(err, want)
    assert.match(err, /\ntests\.yml: FAILED: the files have errors$/)
  })
}

test('a pattern that fits nothing, and a group that is nowhere, are warned of', async t => {
  const { code, err } = await run(t, '{ rule_files: [x*.yml], group_eval_order: [a], tests: [] }')
  assert.equal(code, EXIT.ok)
  assert.match(err, /no file fits the pattern x\*\.yml/)
  assert.match(err, /no rule file has a group "a"/)
})

test('faults of rule files are shown', async t => {
  const { code, err } = await run(
    t,
    'rule_files: [rules.yml]',
    '{ groups: [{ name: a, rules: [{ alert: A, expr: a, annotations: { x: "{{ no }}" } }] }] }'
  )
  assert.equal(code, EXIT.invalid)
  assert.match(
    err,
    /^rules\.yml:1:\d+: error: annotations\.x: the template cannot be read at line 1, column 4: there is no function no\n/
  )
})

test('a file that is not there', async () => {
  const terminal = new MemoryTerminal()
  assert.equal(await runTests(terminal, ['none.yml']), EXIT.invalid)
  assert.match(terminal.stderr, /^none\.yml: FAILED: cannot read it: ENOENT/)
})
