import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Batch, Outcome } from '../../../../core/batch/batch.ts'
import { ReceiverFanOut } from '../../../../core/pipeline/graph/fan-out.ts'
import { pointsOf } from '../sending-queue/blocks.ts'

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
  const branches = new ReceiverFanOut(new Map([...'abc'].map(name => [name, sink(name)])), true)
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
