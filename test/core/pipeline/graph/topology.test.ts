import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pipeline } from '../../../../core/pipeline/graph/pipeline.ts'
import { sinksOf } from '../../../../core/pipeline/graph/topology.ts'
import { testBatch } from '../../../../sdk/plugin/testing.ts'
import { pointsOf } from '../sending-queue/blocks.ts'

test('regression: entries of a removed receiver reach a pipeline, as long as one names it', () => {
  const config = { receivers: ['otlp', 'pipeline/before'], processors: [], exporters: [] }
  const topology = {
    receivers: [],
    exporters: [],
    extensions: [],
    pipelines: [new Pipeline('main', config, [], {} as never)]
  }
  assert.deepEqual([...sinksOf(topology, { replayed: true } as never).keys()], ['otlp'])
})

test('regression: a pipeline that had ended swallowed batches, and their senders waited on', async () => {
  const pipeline = new Pipeline('main', { receivers: [], processors: [], exporters: [] }, [], {} as never)
  pipeline.open()
  assert.equal(pipeline.hasRoom(), true)
  await pipeline.finish()
  assert.equal(pipeline.hasRoom(), false)
  const { batch, settled } = testBatch(pointsOf(1))
  pipeline.push(batch)
  assert.equal((await settled).status, 'nacked')
})
