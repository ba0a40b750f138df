import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch, type Outcome } from '../../../../core/batch/batch.ts'
import { ReceiverFanOut } from '../../../../core/pipeline/graph/fan-out.ts'
import { eventsOf, pointsOf } from '../sending-queue/blocks.ts'
import { fed } from './fed.ts'

const REFUSED = new Error('refused')

/** What came of a block pushed to `names` of a, b and c, of which those in `refusing` hand it back. */
function pushed(refusing: string, names?: readonly string[]) {
  const got: string[] = []
  const sink = (name: string) => ({
    hasRoom: () => true,
    push(batch: Batch) {
      got.push(name)
      if (refusing.includes(name)) batch.nack(REFUSED)
      else batch.ack()
    }
  })
  const branches = new ReceiverFanOut(new Map([...'abc'].map(name => [name, fed(sink(name))])), true)
  const told: [Outcome['status'], readonly string[] | undefined][] = []
  branches.pushTo(names, { source: 'otlp' }, pointsOf(1), ({ status }, by) => told.push([status, by]))
  return { got: got.join(''), told }
}

const cases: readonly [refusing: string, names: readonly string[] | undefined, got: string, told: unknown][] = [
  ['', undefined, 'abc', ['acked', []]],
  ['b', undefined, 'abc', ['nacked', ['b']]],
  ['abc', undefined, 'abc', ['nacked', undefined]],
  ['', ['b'], 'b', ['acked', []]],
  ['b', ['b', 'c'], 'bc', ['nacked', ['b']]],
  ['bc', ['b', 'c'], 'bc', ['nacked', ['b', 'c']]],
  ['', ['gone'], '', ['acked', []]]
]

for (const [refusing, names, got, told] of cases)
  test(`pushed to ${names?.join() ?? 'all'}, ${refusing || 'none'} refusing: names the refusing exporters, once`, () => {
    assert.deepEqual(pushed(refusing, names), { got, told: [told] })
  })

test('each pipeline gets the types of items that it takes, also by name', () => {
  const got: string[] = []
  const sink = (name: string) => ({
    hasRoom: () => true,
    push(batch: Batch) {
      got.push(`${name} ${batch.block.type}`)
      batch.nack(REFUSED)
    }
  })
  const pipelines = new Map([
    ['a', fed(sink('a'), 'points')],
    ['b', fed(sink('b'), 'events')],
    ['c', fed(sink('c'))]
  ])
  const branches = new ReceiverFanOut(pipelines, true)
  const told: unknown[] = []
  for (const block of [pointsOf(1), eventsOf(1)]) {
    branches.push(Batch.of({ source: 'otlp' }, block, ({ status }) => told.push(status)))
    branches.pushTo(['a', 'b'], { source: 'otlp' }, block, (_outcome, by) => told.push(by))
    branches.pushTo(undefined, { source: 'otlp' }, block, (_outcome, by) => told.push(by))
  }
  const [points, events] = [
    ['a points', 'c points', 'a points', 'a points', 'c points'],
    ['b events', 'c events', 'b events', 'b events', 'c events']
  ]
  assert.deepEqual(got, [...points, ...events])
  // Nacked by all that take them: no names are needed.
  assert.deepEqual(told, ['nacked', ['a'], undefined, 'nacked', ['b'], undefined])
  assert.deepEqual(
    [['a'], ['a', 'b'], ['gone'], undefined].map(names => branches.hasAll(names, 'points')),
    [true, false, false, true]
  )
})
