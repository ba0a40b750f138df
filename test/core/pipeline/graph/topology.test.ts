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

test('regression: windows of windows did not wait for senders that were refused: their source is the processor before', () => {
  const told: string[] = []
  const part = (id: string) => ({
    component: { id, edges: {}, stageHost: () => ({}) },
    processor: { open() {}, receive() {}, inputRefused: (source: string) => void told.push(`${id} < ${source}`) }
  })
  const config = { receivers: ['otlp'], processors: ['windows', 'rollup'], exporters: ['next'] }
  const pipeline = new Pipeline('main', config, [part('windows'), part('rollup')] as never, {} as never)
  const inputRefused = (source: string) => void told.push(`next < ${source}`)
  pipeline.connect({ hasRoom: () => true, push: batch => batch.ack(), inputRefused })
  pipeline.inputRefused('otlp')
  assert.deepEqual(told, [
    'windows < otlp',
    'rollup < otlp',
    'rollup < windows',
    'next < otlp',
    'next < windows',
    'next < rollup'
  ])
})
