import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'
import { ReplayAnswer } from './replay-answer.ts'

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
  // A waiting batch goes to disk at once.
  const { disk, backend, run } = await withDeadLetter({ queueBytes: 40 })
  backend.state = 'refusing'
  const { delivered, failed } = (await run.replayDeadLetters())!
  assert.deepEqual([delivered, failed], [0, [{ number: 0, error: 'it stayed here, not sent: not now' }]])
  run.crash()
  backend.state = 'up'
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
  assert.equal((await next.replayDeadLetters())!.delivered, 1)
  assert.deepEqual([next.deadLetters.numbers, [...backend.stored().values()]], [[], [7]])
})

test('dead letters whose backend does not answer are not tried one after the other', async () => {
  const { backend, run } = await withDeadLetter()
  void run.push([{ series: 'g', time: EPOCH, value: 8, kind: 'gauge' }])
  await run.advance(1000)
  backend.state = 'down'
  const before = run.clock.now()
  const { failed } = (await run.replayDeadLetters())!
  assert.deepEqual(
    failed.map(({ error }) => error),
    ['it stayed here, not sent: no answer within 1000 ms', 'not tried, since exporter backend could not send #0']
  )
  assert.ok(run.clock.now() - before < 2000)
  assert.deepEqual(run.deadLetters.numbers, [0, 1])
})

test('a dead letter refused again stays', async () => {
  const { run } = await withDeadLetter()
  const { delivered, failed } = (await run.replayDeadLetters())!
  assert.deepEqual([delivered, failed], [0, [{ number: 0, error: 'it stayed here, refused again (rejected): never' }]])
  assert.deepEqual(run.deadLetters.numbers, [0])
})

/** With one dead letter of three items, the second of which is refused again. */
async function withPoison() {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, options)
  backend.state = 'rejecting'
  const points = ['a', 'poison', 'c'].map(series => ({ series, time: EPOCH, value: 1, kind: 'gauge' }) as const)
  void run.push(points)
  await run.advance(1000)
  backend.state = 'up'
  backend.isPoison = name => name === 'poison'
  return { disk, backend, run }
}

const namesSent = ({ sent }: TestBackend) => sent.map(([key]) => key.split('{')[0])

test('items of a dead letter that are refused again stay in it, and the others are delivered', async () => {
  const { disk, backend, run } = await withPoison()
  const { delivered, failed } = (await run.replayDeadLetters())!
  assert.deepEqual(
    [delivered, failed],
    [0, [{ number: 0, error: '1 of its 3 items stayed here, refused again (rejected): never' }]]
  )
  assert.deepEqual(namesSent(backend), ['a', 'c'])
  assert.equal(run.topology.exporters[0].component.account.imbalance, 0)
  await run.advance(1000)
  run.crash()
  backend.isPoison = () => false
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
  assert.deepEqual(await next.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
  assert.deepEqual([next.deadLetters.numbers, namesSent(backend)], [[], ['a', 'c', 'poison']])
})

test('a dead letter that cannot be written anew is not delivered twice by the same process', async () => {
  const { disk, backend, run } = await withPoison()
  disk.capacity = 0
  for (let i = 0; i < 2; i++)
    assert.match(
      (await run.replayDeadLetters())!.failed[0].error,
      /^it is delivered in part, and the rest cannot be written: .*; a further replay delivers only the rest$/
    )
  disk.capacity = Number.POSITIVE_INFINITY
  assert.match((await run.replayDeadLetters())!.failed[0].error, /^1 of its 3 items stayed here, refused again/)
  backend.isPoison = () => false
  assert.deepEqual(await run.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
  assert.deepEqual([run.deadLetters.numbers, namesSent(backend)], [[], ['a', 'c', 'poison']])
})

test('a stop during a replay waits until the dead letter is removed, and takes no further one', async () => {
  const { disk, backend, run } = await withDeadLetter()
  backend.state = 'up'
  const { remove } = disk
  const { promise: removing, resolve: goOn } = Promise.withResolvers<void>()
  disk.remove = async file => {
    if (file.endsWith('.letter')) await removing
    return remove.call(disk, file)
  }
  void run.replayDeadLetters()
  await run.advance(100)
  assert.equal(backend.sent.length, 1)
  let isStopped = false
  const stopped = run.stop(10_000).finally(() => (isStopped = true))
  await run.advance(1000)
  assert.equal(isStopped, false)
  goOn()
  assert.equal(await stopped, true)
  assert.deepEqual(run.deadLetters.numbers, [])
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

test('a replay whose client goes away ends after the dead letter under way', async () => {
  const { backend, run } = await withDeadLetter()
  void run.push([{ series: 'g', time: EPOCH, value: 8, kind: 'gauge' }])
  await run.advance(1000)
  backend.state = 'up'
  const answer = new ReplayAnswer()
  answer.write = () => (answer.destroyed = true)
  run.services.routes.get('post /api/dead-letters/replay')!({ query: {} } as never, answer as never, () => {})
  await run.advance(1000)
  assert.deepEqual([run.deadLetters.numbers, backend.sent.map(([, value]) => value)], [[1], [7]])
})
