import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Batch } from '../../../../core/batch/batch.ts'
import { fanOut, type Sink } from '../../../../core/pipeline/graph/fan-out.ts'
import { PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { testBatch } from '../../../../sdk/plugin/testing.ts'

/** Has room for `room` batches, and acknowledges what it takes. */
function sink(room: number): Sink & { taken: number } {
  return {
    taken: 0,
    hasRoom() {
      return this.taken < room
    },
    push(batch: Batch) {
      this.taken++
      batch.ack()
    }
  }
}

async function send(to: Sink): Promise<string> {
  const { batch, settled } = testBatch(new PointBlockBuilder().build())
  to.push(batch)
  return (await settled).status
}

it('gives a batch to all or to none', async () => {
  const [wide, narrow] = [sink(10), sink(1)]
  const both = fanOut([wide, narrow], false)
  assert.equal(await send(both), 'acked')
  assert.equal(await send(both), 'nacked')
  assert.deepEqual([wide.taken, narrow.taken], [1, 1])
})

it('tells all of a batch that it refuses, of its source too', async () => {
  const refused: string[] = []
  const told = (name: string, room: number) => ({
    ...sink(room),
    inputRefused: (source: string) => void refused.push(`${name} ${source}`)
  })
  const both = fanOut([fanOut([told('wide', 10)], false), told('narrow', 1)], false)
  await send(both)
  assert.deepEqual(refused, [])
  await send(both)
  assert.deepEqual(refused, ['wide test', 'narrow test'])
})

// Two pipelines with one exporter whose sending queue was nearly full: the second branch was nacked and nobody had it,
// and lost.
it('refuses nothing where its feeder waits for room', async () => {
  const shared = sink(1)
  const branch = () => fanOut([shared], true)
  const both = fanOut([branch(), branch()], true)
  assert.equal(await send(both), 'acked')
  assert.equal(shared.taken, 2)
  assert.equal(both.hasRoom(), false, 'which the feeder looks at')
})
