import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problems } from '../../../core/config/problems.ts'
import { Labels } from '../../../core/promql/labels.ts'
import { GroupEvaluation } from '../../../core/rules/group-evaluation.ts'
import { readRuleFile } from '../../../core/rules/rule-file.ts'
import type { RuleSample, VectorResult } from '../../../core/rules/samples.ts'

/** Results by query, which tests set. */
type Results = Record<string, VectorResult[] | Error>

function evaluationOf(rules: string, results: Results, limit = 0): GroupEvaluation {
  const problems = new Problems()
  const [group] = readRuleFile('rules.yml', `groups: [{ name: a, limit: ${limit}, rules: [${rules}] }]`, problems)
  assert.equal(problems.format(), '')
  const ask = async (query: string) => {
    const found = results[query] ?? []
    if (found instanceof Error) throw found
    return found
  }
  return new GroupEvaluation(group, { externalLabels: {}, externalUrl: '', ask, elapsed: () => 0 })
}

const result = (labels: Record<string, string>, value: number): VectorResult => ({
  labels: Labels.of(Object.entries(labels)),
  value
})

const plain = (samples: readonly RuleSample[]) =>
  samples.map(({ labels, time, value, isStale }) => [labels.toJSON(), time, isStale ? 'stale' : value])

test('a recorded series has the name and labels of its rule, and ends with a stale marker', async () => {
  const results: Results = { up: [result({ __name__: 'up', job: 'a' }, 1), result({ __name__: 'up', job: 'b' }, 0)] }
  const evaluation = evaluationOf('{ record: "job:up", expr: up, labels: { source: rules } }', results)
  const recorded = (job: string) => ({ __name__: 'job:up', job, source: 'rules' })
  assert.deepEqual(plain(await evaluation.evaluate(60_000, 10_000)), [
    [recorded('a'), 50_000, 1],
    [recorded('b'), 50_000, 0]
  ])
  results.up = [result({ __name__: 'up', job: 'a' }, 5)]
  assert.deepEqual(plain(await evaluation.evaluate(120_000, 0)), [
    [recorded('a'), 120_000, 5],
    [recorded('b'), 120_000, 'stale']
  ])
  assert.deepEqual(plain(await evaluation.evaluate(180_000, 0)), [[recorded('a'), 180_000, 5]])
  assert.deepEqual(plain(evaluation.end(190_000)), [[recorded('a'), 190_000, 'stale']])
})

test('a rule that fails keeps its series, and the other rules go on', async () => {
  const results: Results = { up: [result({}, 1)], down: [result({}, 2)] }
  const evaluation = evaluationOf('{ record: a, expr: up }, { record: b, expr: down }', results)
  await evaluation.evaluate(0, 0)
  results.up = new Error('the store is away')
  assert.deepEqual(plain(await evaluation.evaluate(1000, 0)), [[{ __name__: 'b' }, 1000, 2]])
  assert.deepEqual(
    evaluation.rules.map(({ lastError }) => lastError),
    ['the store is away', undefined]
  )
  results.up = []
  assert.deepEqual(plain(await evaluation.evaluate(2000, 0)), [
    [{ __name__: 'a' }, 2000, 'stale'],
    [{ __name__: 'b' }, 2000, 2]
  ])
})

test('series that become the same, and more than the limit', async () => {
  const same: Results = { up: [result({ job: 'a' }, 1), result({ job: 'b' }, 1)] }
  const twice = evaluationOf('{ record: a, expr: up, labels: { job: "" } }', same)
  assert.deepEqual(await twice.evaluate(0, 0), [])
  assert.match(twice.rules[0].lastError!, /the same series/)
  const limited = evaluationOf('{ record: a, expr: up }, { alert: B, expr: up }', same, 1)
  assert.deepEqual(await limited.evaluate(0, 0), [])
  assert.deepEqual(
    limited.rules.map(({ lastError }) => lastError),
    ['series', 'alerts'].map(what => `it makes 2 ${what}, more than the group's limit of 1`)
  )
  assert.deepEqual(limited.rules[1].alerts!.active, [])
})

test('labels and annotations of alerts are templates', async () => {
  const results: Results = { up: [result({ __name__: 'up', job: 'a' }, 1.5)], 'sum(up)': [result({}, 7)] }
  const rule = `{ alert: A, expr: up, labels: { at: "{{ $labels.job }}!" }, annotations: { text: '{{ .Value }} of {{ query "sum(up)" | first | value }}' } }`
  const evaluation = evaluationOf(rule, results)
  await evaluation.evaluate(0, 0)
  const [{ labels, annotations }] = evaluation.rules[0].alerts!.active
  assert.deepEqual(labels.toJSON(), { alertname: 'A', at: 'a!', job: 'a' })
  assert.deepEqual(annotations.toJSON(), { text: '1.5 of 7' })
})

test('series of the last run end if they are not made again, those of rules that are gone too', async () => {
  const results: Results = { up: [result({ job: 'a' }, 1), result({ job: 'b' }, 1)], down: [result({}, 1)] }
  const before = evaluationOf('{ record: a, expr: up }, { record: b, expr: down }', results)
  await before.evaluate(0, 0)
  const after = evaluationOf('{ record: a, expr: up }', results)
  after.restore(JSON.parse(JSON.stringify(before.save())))
  results.up = [result({ job: 'a' }, 2)]
  assert.deepEqual(plain(await after.evaluate(1000, 0)), [
    [{ __name__: 'a', job: 'a' }, 1000, 2],
    [{ __name__: 'a', job: 'b' }, 1000, 'stale'],
    [{ __name__: 'b' }, 1000, 'stale']
  ])
})

test('a template that fails is told, and its alert has a text that says so', async () => {
  const results: Results = { up: [result({ job: 'a' }, 1), result({ job: 'b' }, 1)] }
  const evaluation = evaluationOf('{ alert: A, expr: up, annotations: { text: "{{ $labels.job.x }}" } }', results)
  await evaluation.evaluate(0, 0)
  const { alerts, lastError, templateError } = evaluation.rules[0]!
  assert.equal(lastError, undefined)
  assert.match(templateError!, /^error executing template __alert_A: .*can't evaluate field x in type string$/)
  assert.equal(alerts!.active[0]!.annotations.get('text'), `<error expanding template: ${templateError}>`)
  results.up = []
  await evaluation.evaluate(1000, 0)
  assert.equal(evaluation.rules[0]!.templateError, undefined)
})
