import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../journal/simulated-disk.ts'
import type { RunOptions } from './journaled-config.ts'
import { EPOCH, JournaledRun } from './journaled-run.ts'
import { TestBackend } from './journaled-world.ts'

const options: RunOptions = { now: EPOCH, pipelines: ['plain'] }

/** With one letter for the backend. */
async function withLetter(more: Partial<RunOptions> = {}) {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, { ...options, ...more })
  backend.state = 'rejecting'
  void run.push([{ series: 'g', time: EPOCH, value: 7, kind: 'gauge' }])
  await run.advance(1000)
  assert.equal(run.deadLetters.numbers.length, 1)
  return { disk, backend, run }
}

test('a letter is delivered, and removed', async () => {
  const { backend, run } = await withLetter()
  backend.state = 'up'
  assert.deepEqual(await run.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
  assert.deepEqual([run.deadLetters.numbers, backend.sent.length], [[], 1])
})

test('regression: a letter that waited on disk for its exporter was removed, and a crash took what waited', async () => {
  // It goes to disk at once.
  const { disk, backend, run } = await withLetter({ laneBytes: 40 })
  backend.state = 'refusing'
  assert.equal((await run.replayDeadLetters())!.delivered, 1)
  run.crash()
  backend.state = 'up'
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
  await next.advance(5000)
  assert.deepEqual([...backend.stored().values()], [7])
})

test('a letter stays where what waits for its exporter cannot be written down', async () => {
  const { disk, backend, run } = await withLetter({ laneBytes: 40 })
  backend.state = 'refusing'
  const [{ lane }] = run.topology.exporters
  const { end } = lane.position!
  const replay = run.replayDeadLetters()
  for (let i = 0; lane.position!.end === end && i < 50; i++) await run.advance(2)
  disk.capacity = 0
  const { delivered, failed } = (await replay)!
  assert.equal(delivered, 0)
  assert.match(failed[0].error, /no checkpoint could be written that says so/)
  assert.equal(run.deadLetters.numbers.length, 1)
})
