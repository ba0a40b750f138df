import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../../core/promql/labels.ts'
import { type AlertState, RuleAlerts } from '../../../core/rules/alerts.ts'
import type { AlertingRule } from '../../../core/rules/rule-group.ts'
import type { VectorResult } from '../../../core/rules/samples.ts'

const MINUTE = 60_000
const RESULT = (job: string, value = 1): VectorResult => ({ labels: Labels.of([['job', job]]), value })

function ruleOf({ forMs = 0, keepFiringForMs = 0 }): AlertingRule {
  const expr = { type: 'numberLiteral', value: 1, duration: false, span: { from: 0, to: 1 } } as const
  return { kind: 'alerting', name: 'A', query: '1', labels: {}, annotations: {}, expr, forMs, keepFiringForMs }
}

const texts = async ({ labels }: VectorResult) => ({
  labels: labels.with([['alertname', 'A']]),
  annotations: Labels.NONE
})

/** The state after each minute, in which the expression has a result or not. */
async function states(alerts: RuleAlerts, present: string, from = 0): Promise<string> {
  const letters: Record<AlertState, string> = { inactive: '-', pending: 'p', firing: 'F' }
  let seen = ''
  for (const [minute, is] of [...present].entries()) {
    await alerts.update(is === '1' ? [RESULT('a')] : [], (from + minute) * MINUTE, texts)
    seen += letters[alerts.state]
  }
  return seen
}

test('states of an alert, minute by minute', async () => {
  const cases: readonly (readonly [forMinutes: number, keepMinutes: number, present: string, states: string])[] = [
    [0, 0, '0110', '-FF-'],
    [2, 0, '1111', 'ppFF'],
    [2, 0, '110111', 'pp-ppF'],
    [0, 2, '100001', 'FFF--F'],
    [0, 2, '1010000', 'FFFFF--'],
    [1, 1, '110110', 'pFFFFF']
  ]
  for (const [forMinutes, keepMinutes, present, want] of cases) {
    const rule = ruleOf({ forMs: forMinutes * MINUTE, keepFiringForMs: keepMinutes * MINUTE })
    assert.equal(
      await states(new RuleAlerts(rule), present),
      want,
      `for ${forMinutes}, keep ${keepMinutes}: ${present}`
    )
  }
})

test('`for` goes on after a restart', async () => {
  const rule = ruleOf({ forMs: 3 * MINUTE })
  const before = new RuleAlerts(rule)
  await states(before, '11')
  const after = new RuleAlerts(rule)
  after.restore(JSON.parse(JSON.stringify(before.save())))
  assert.equal(await states(after, '11', 2), 'pF')
})

test('Alertmanager is told of what fires, again after a time, and of the end', async () => {
  const alerts = new RuleAlerts(ruleOf({ forMs: MINUTE }))
  const sent = async (minute: number, isPresent: boolean) => {
    await alerts.update(isPresent ? [RESULT('a')] : [], minute * MINUTE, texts)
    return alerts
      .toSend(minute * MINUTE, 2 * MINUTE, MINUTE)
      .map(({ state, validUntil }) => [state, validUntil! / MINUTE])
  }
  assert.deepEqual(await sent(0, true), [])
  assert.deepEqual(await sent(1, true), [['firing', 9]])
  assert.deepEqual(await sent(2, true), [])
  assert.deepEqual(await sent(3, true), [])
  assert.deepEqual(await sent(4, true), [['firing', 12]])
  assert.deepEqual(await sent(5, false), [['inactive', 13]])
  assert.deepEqual(await sent(6, false), [])
  assert.deepEqual(await sent(8, false), [['inactive', 16]])
  assert.deepEqual(await sent(21, false), [])
})

test('series of alerts, and results that make the same alert', async () => {
  const alerts = new RuleAlerts(ruleOf({}))
  await alerts.update([RESULT('a'), RESULT('b')], 5500, texts)
  assert.deepEqual(
    alerts.samples(5000).map(({ labels, value }) => [labels.toJSON(), value]),
    ['a', 'b'].flatMap(job => [
      [{ __name__: 'ALERTS', alertname: 'A', alertstate: 'firing', job }, 1],
      [{ __name__: 'ALERTS_FOR_STATE', alertname: 'A', job }, 5]
    ])
  )
  const same = async () => ({ labels: Labels.NONE, annotations: Labels.NONE })
  await assert.rejects(alerts.update([RESULT('a'), RESULT('b')], 6000, same), /the same labels/)
})
