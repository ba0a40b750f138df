import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

const options: RunOptions = { now: EPOCH, pipelines: ['plain'] }

/** With one dead letter for the backend. */
async function withDeadLetter(more: Partial<RunOptions> = {}) {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, { ...options, ...more })
  backend.state = 'rejecting'
  void run.push([{ series: 'g', time: EPOCH, value: 7, kind: 'gauge' }])
  await run.advance(1000)
  assert.equal(run.deadLetters.numbers.length, 1)
  return { disk, backend, run }
}

test('a dead letter is delivered, and removed', async () => {
  const { backend, run } = await withDeadLetter()
  backend.state = 'up'
  assert.deepEqual(await run.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
  assert.deepEqual([run.deadLetters.numbers, backend.sent.length], [[], 1])
})

test('regression: a dead letter that waited on disk for its exporter was removed, and a crash took the waiting batch', async () => {
  // It goes to disk at once.
  const { disk, backend, run } = await withDeadLetter({ queueBytes: 40 })
  backend.state = 'refusing'
  assert.equal((await run.replayDeadLetters())!.delivered, 1)
  run.crash()
  backend.state = 'up'
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
  await next.advance(5000)
  assert.deepEqual([...backend.stored().values()], [7])
})

test('a dead letter stays if the batches that wait for its exporter cannot be written to disk', async () => {
  const { disk, backend, run } = await withDeadLetter({ queueBytes: 40 })
  backend.state = 'refusing'
  const [{ sendingQueue }] = run.topology.exporters
  const { end } = sendingQueue.position!
  const replay = run.replayDeadLetters()
  for (let i = 0; sendingQueue.position!.end === end && i < 50; i++) await run.advance(2)
  disk.capacity = 0
  const { delivered, failed } = (await replay)!
  assert.equal(delivered, 0)
  assert.match(failed[0].error, /no checkpoint could be written that says so/)
  assert.equal(run.deadLetters.numbers.length, 1)
  disk.capacity = Number.POSITIVE_INFINITY
  backend.state = 'up'
  assert.deepEqual(await run.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
  assert.deepEqual([run.deadLetters.numbers, backend.sent.length], [[], 1], 'it is not sent a second time')
})

test('a dead letter refused again is in a new one', async () => {
  const { run } = await withDeadLetter()
  const { delivered, failed } = (await run.replayDeadLetters())!
  assert.deepEqual(
    [delivered, failed],
    [0, [{ number: 0, error: '1 of its items were refused again (rejected), and are in a new dead letter' }]]
  )
  assert.deepEqual(run.deadLetters.numbers, [1])
})

test('regression: a dead letter that could not be sent within max_elapsed_time was removed, and said to be in a new one', async () => {
  const { backend, run } = await withDeadLetter({ retry: { max_elapsed_time: '1s' } })
  backend.state = 'refusing'
  const { failed } = (await run.replayDeadLetters())!
  assert.match(failed[0].error, /could not be sent within retry.max_elapsed_time/)
  assert.deepEqual(run.deadLetters.numbers, [0])
  backend.state = 'up'
  assert.equal((await run.replayDeadLetters())!.delivered, 1)
})

test('a dead letter that is not there is told', async () => {
  const { run, backend } = await withDeadLetter()
  backend.state = 'up'
  const { delivered, failed } = (await run.replayDeadLetters({ number: '5' }))!
  assert.deepEqual([delivered, failed], [0, [{ number: 5, error: 'there is no such dead letter' }]])
  assert.equal((await run.replayDeadLetters({ number: '0' }))!.delivered, 1)
})

test("an exporter's dead letter that cannot be removed is not delivered again by the same process", async () => {
  const { disk, run, backend } = await withDeadLetter()
  backend.state = 'up'
  const { remove } = disk
  disk.remove = async file => (file.endsWith('.letter') ? Promise.reject(new Error('EROFS')) : remove.call(disk, file))
  for (let i = 0; i < 2; i++) assert.match((await run.replayDeadLetters())!.failed[0].error, /cannot be removed: EROFS/)
  disk.remove = remove
  assert.equal((await run.replayDeadLetters())!.delivered, 1)
  assert.deepEqual([run.deadLetters.numbers, backend.sent.length], [[], 1])
})
