import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch, type Outcome } from '../../../../core/batch/batch.ts'
import { CreditPool } from '../../../../core/batch/credits.ts'
import { WeirError } from '../../../../core/errors.ts'
import { ReceiverFanOut } from '../../../../core/pipeline/graph/fan-out.ts'
import { DirectIngress } from '../../../../core/pipeline/ingest/ingress.ts'
import { fed } from '../graph/fed.ts'
import { eventsOf, pointsOf } from '../sending-queue/blocks.ts'

test('without a journal too a dead letter goes only to the pipelines in which it failed', () => {
  for (const [pipelines, want] of [
    [undefined, 'ab'],
    [['b'], 'b']
  ] as const) {
    let got = ''
    const sink = (name: string) => ({
      hasRoom: () => true,
      push(batch: Batch) {
        got += name
        batch.ack()
      }
    })
    const branches = new ReceiverFanOut(new Map([...'ab'].map(name => [name, fed(sink(name))])), false)
    const ingress = new DirectIngress(new Map([['otlp', branches]]), new CreditPool(100))
    const outcomes: Outcome[] = []
    const deadLetter = { key: 'entry7_17', pipelines }
    ingress.push(
      'otlp',
      Batch.of({ source: 'otlp', deadLetter }, pointsOf(1), outcome => outcomes.push(outcome))
    )
    assert.deepEqual([got, outcomes], [want, [{ status: 'acked' }]])
  }
})

test('regression: a dead letter whose pipeline was gone after a reload counted as delivered', async () => {
  const sinks = (...names: string[]) => {
    const sink = { hasRoom: () => true, push: (batch: Batch) => batch.ack() }
    return new Map([['otlp', new ReceiverFanOut(new Map(names.map(name => [name, fed(sink)])), false)]])
  }
  const ingress = new DirectIngress(sinks('a', 'b'), new CreditPool(100))
  await ingress.pause()
  const outcomes: Outcome['status'][] = []
  const deadLetter = { key: 'entry7_17', pipelines: ['b'] }
  ingress.push(
    'otlp',
    Batch.of({ source: 'otlp', deadLetter }, pointsOf(1), ({ status }) => outcomes.push(status))
  )
  ingress.connect(sinks('a'))
  ingress.resume()
  assert.deepEqual(outcomes, ['nacked'])
})

test('pipelines are told of batches that are refused since limits.output is spent, or a queue is full', () => {
  for (const [hasRoom, outputBytes, want] of [
    [true, 0, 'otlp'],
    [false, 100, 'otlp'],
    [true, 100, '']
  ] as const) {
    let refused = ''
    const sink = {
      hasRoom: () => hasRoom,
      push: (batch: Batch) => batch.ack(),
      inputRefused: (source: string) => void (refused += source)
    }
    for (const deadLetter of [undefined, { key: 'entry7_17', pipelines: ['a'] }]) {
      refused = ''
      const branches = new ReceiverFanOut(new Map([['a', fed(sink)]]), false)
      const budget = new CreditPool(100)
      if (outputBytes === 0) budget.tryTake(100)
      const ingress = new DirectIngress(new Map([['otlp', branches]]), budget)
      ingress.push(
        'otlp',
        Batch.of({ source: 'otlp', deadLetter }, pointsOf(1), () => {})
      )
      assert.equal(refused, want)
    }
  }
})

test('items that no pipeline of the receiver takes are nacked, and the error says so', () => {
  const sink = { hasRoom: () => true, push: (batch: Batch) => batch.ack() }
  const branches = new ReceiverFanOut(new Map([['metrics', fed(sink, 'points')]]), false)
  const ingress = new DirectIngress(new Map([['otlp', branches]]), new CreditPool(100))
  const outcomes: Outcome[] = []
  for (const block of [pointsOf(1), eventsOf(1)])
    ingress.push(
      'otlp',
      Batch.of({ source: 'otlp' }, block, outcome => outcomes.push(outcome))
    )
  const [points, events] = outcomes
  assert.equal(points.status, 'acked')
  assert.ok(events.status === 'nacked' && WeirError.is(events.error))
  assert.equal(events.error.code, 'NO_PIPELINE')
  assert.match(
    events.error.message,
    /^no pipeline of otlp takes events: give it one with exporters for them, and with items: \[events\]$/
  )
})
