import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PointBlock } from '../../../../core/model/points.ts'
import { writeCheckpoint } from '../../../../core/pipeline/checkpoint/file.ts'
import type { Context } from '../../../../core/plugin/context.ts'
import type { ProcessorPlugin } from '../../../../core/plugin/contract.ts'
import { randomFrom, SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, FOLDER, JournaledRun, turns } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

const COUNTER = { windows: ['200ms'], output: ['delta'], allowed_lateness: '100ms', idle_timeout: '300ms' }
const LETTERS = 3
const SETTLE_MS = 1500
/**
 * Of the event loop, counted from the beginning of a replay: each while it runs, some until behind the next checkpoint.
 */
const TURNS = [...Array.from({ length: 60 }, (_, i) => i), ...Array.from({ length: 10 }, (_, i) => 60 + 10 * i)]

/** Fails over all that comes before `until`, Unix ms, as processors see the time. */
function failing(until: number): ProcessorPlugin {
  const create = (_: unknown, { clock }: Context) => ({
    process(block: PointBlock) {
      if (clock.now() < until) throw new Error('not yet')
      return block
    }
  })
  return { kind: 'processor', type: 'before', ports: { in: 'any', out: 'any' }, create } as never
}

/** Lets go of no dead letter while it `isStuck`. */
class StubbornDisk extends SimulatedDisk {
  isStuck = false

  override async remove(file: string): Promise<void> {
    if (this.isStuck && file.endsWith('.letter')) throw Object.assign(new Error('EROFS'), { code: 'EROFS' })
    return super.remove(file)
  }
}

const BROKEN_MS = 200
const options: RunOptions = { now: EPOCH, counter: COUNTER, before: failing(EPOCH + BROKEN_MS) }

/** With dead letters that count 1, 10 and 100, and a processor that would take them by now. */
async function withDeadLetters(disk: SimulatedDisk, more: Partial<RunOptions> = {}) {
  const backend = new TestBackend()
  const run = await JournaledRun.start(disk, backend, { ...options, ...more })
  for (let i = 0; i < LETTERS; i++) {
    void run.push([{ series: 'c', time: EPOCH, value: 10 ** i }])
    await run.advance(40)
  }
  await run.advance(BROKEN_MS - 40 * LETTERS)
  assert.equal(run.deadLetters.numbers.length, LETTERS)
  return { backend, run }
}

async function restart(disk: SimulatedDisk, backend: TestBackend, run: JournaledRun, more: Partial<RunOptions> = {}) {
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now(), ...more })
  await next.advance(SETTLE_MS)
  return next
}

/** What windows of one size counted. */
function countedIn(backend: TestBackend, window: string): number {
  const stored = backend.stored(key => key.includes(`window=${window}`))
  return [...stored.values()].reduce((a, b) => a + b, 0)
}

/** All that was counted. */
function counted(backend: TestBackend): number {
  return [...backend.stored().values()].reduce((a, b) => a + b, 0)
}

for (const [name, checkpointFirst] of [
  ['right after they were written', false],
  ['when a checkpoint has passed their entries', true]
] as const)
  test(`crash at any step of a replay, ${name}: each dead letter counts once`, async () => {
    for (const turn of TURNS) {
      const disk = new SimulatedDisk(randomFrom(turn))
      const { backend, run } = await withDeadLetters(disk)
      if (checkpointFirst) await run.advance(700)
      void run.replayDeadLetters()
      await turns(turn)
      run.crash()
      const next = await restart(disk, backend, run)
      const left = next.deadLetters.numbers.length
      const report = await next.replayDeadLetters()
      assert.deepEqual(report, { delivered: left, items: left, failed: [] }, `turn ${turn}`)
      await next.advance(SETTLE_MS)
      assert.equal(counted(backend), 111, `turn ${turn}, ${left} left`)
      assert.deepEqual(next.deadLetters.numbers, [])
      assert.equal(next.component.account.imbalance, 0)
    }
  })

test('regression: a dead letter of one pipeline went through all that its receiver feeds', async () => {
  const disk = new SimulatedDisk()
  const { backend, run } = await withDeadLetters(disk, {
    pipelines: ['counts', 'plain'],
    before: failing(EPOCH + 1000)
  })
  const passed = () => backend.sent.filter(([key]) => key.startsWith('c{}@')).map(([, value]) => value)
  assert.deepEqual(passed(), [1, 10, 100])
  await run.replayDeadLetters()
  await run.advance(100)
  assert.equal(run.deadLetters.numbers.length, LETTERS, 'it fails again')
  await run.advance(1000)
  assert.deepEqual(await run.replayDeadLetters(), { delivered: 3, items: 3, failed: [] })
  await run.advance(SETTLE_MS)
  assert.deepEqual(passed(), [1, 10, 100])
  const counts = backend.sent.filter(([key]) => key.includes('window=200ms')).map(([, value]) => value)
  assert.equal(
    counts.reduce((a, b) => a + b, 0),
    111
  )
})

test('regression: a dead letter whose pipeline a reload took away before the dead letter was forwarded was lost', async () => {
  const [counts, plain] = [['counts', 'plain'], ['plain']]
  for (const crashes of [false, true]) {
    const disk = new SimulatedDisk()
    const { backend, run } = await withDeadLetters(disk, {
      pipelines: counts,
      queueBytes: 200,
      sendingQueue: { disk_size: '0B' }
    })
    // Nothing is forwarded while the sending queue is full.
    backend.state = 'down'
    while (run.unread === 0) {
      void run.push([{ series: 'g', time: EPOCH, value: 1, kind: 'gauge' }])
      await run.advance(60)
    }
    assert.deepEqual(await run.replayDeadLetters(), { delivered: 3, items: 3, failed: [] })
    assert.ok(run.unread > LETTERS)
    const reloaded = run.reload({ pipelines: plain })
    await turns(100)
    backend.state = 'up'
    await reloaded
    await run.advance(SETTLE_MS)
    assert.equal(run.deadLetters.numbers.length, LETTERS)
    assert.equal(run.component.account.imbalance, 0)
    if (crashes) run.crash()
    else await run.stop(1000)
    const next = await restart(disk, backend, run, { pipelines: plain })
    const { failed } = (await next.replayDeadLetters())!
    assert.match(failed[0].error, /it failed in pipeline counts, which the running Weir does not feed from test/)
    await next.reload({ pipelines: counts })
    assert.deepEqual(await next.replayDeadLetters(), { delivered: 3, items: 3, failed: [] })
    await next.advance(SETTLE_MS)
    assert.equal(countedIn(backend, '200ms'), 111)
  }
})

test('a reload while dead letters are replayed: each counts once, whenever it begins', async () => {
  for (let turn = 0; turn < 30; turn += 3) {
    const disk = new SimulatedDisk(randomFrom(turn))
    const { backend, run } = await withDeadLetters(disk)
    const replay = run.replayDeadLetters()
    await turns(turn)
    await run.reload({ counter: { ...COUNTER, allowed_lateness: '50ms' }, receiver: { changed: turn } })
    const { delivered } = (await replay)!
    assert.equal((await run.replayDeadLetters())!.delivered, LETTERS - delivered, `turn ${turn}`)
    await run.advance(SETTLE_MS)
    assert.deepEqual([run.deadLetters.numbers, counted(backend)], [[], 111], `turn ${turn}`)
    assert.equal(run.component.account.droppedTotal, LETTERS)
  }
})

test('a dead letter of a pipeline that is gone stays', async () => {
  const disk = new SimulatedDisk()
  const { run } = await withDeadLetters(disk, { pipelines: ['counts', 'plain'] })
  await run.reload({ pipelines: ['plain', 'counts_anew'] })
  const { delivered, failed } = (await run.replayDeadLetters())!
  assert.equal(delivered, 0)
  assert.match(failed[0].error, /it failed in pipeline counts, which the running Weir does not feed from test/)
  assert.equal(run.deadLetters.numbers.length, LETTERS)
})

for (const end of ['heals', 'crash', 'stop'] as const)
  test(`a disk that lets go of no dead letter, then ${end}: each counts once, and the answer says so`, async () => {
    const disk = new StubbornDisk()
    const { backend, run } = await withDeadLetters(disk)
    disk.isStuck = true
    for (let i = 0; i < 2; i++) {
      const { delivered, failed } = (await run.replayDeadLetters())!
      assert.equal(delivered, 0)
      assert.match(failed[0].error, /^it is delivered, but cannot be removed: EROFS; a further replay removes it/)
    }
    await run.advance(SETTLE_MS)
    assert.equal(counted(backend), 111)
    let next = run
    if (end !== 'heals') {
      if (end === 'crash') run.crash()
      else assert.equal(await run.stop(1000), false)
      next = await restart(disk, backend, run)
      const { delivered } = (await next.replayDeadLetters())!
      assert.equal(delivered, 0)
    }
    assert.equal(next.deadLetters.numbers.length, LETTERS)
    disk.isStuck = false
    await next.advance(SETTLE_MS)
    assert.deepEqual([next.deadLetters.numbers, counted(backend)], [[], 111])
    assert.equal(await next.stop(1000), true)
  })

test('no dead letter is delivered before the deliveries of the last run are known', async () => {
  const disk = new StubbornDisk()
  const { backend, run } = await withDeadLetters(disk, { queueBytes: 1 })
  disk.isStuck = true
  await run.replayDeadLetters()
  run.crash()
  disk.isStuck = false
  backend.state = 'down'
  const full = { ...options, queueBytes: 1, sendingQueue: { disk_size: '0B' }, now: run.clock.now() }
  const next = await JournaledRun.start(disk, backend, full)
  const { delivered, failed } = (await next.replayDeadLetters())!
  assert.equal(delivered, 0)
  assert.match(failed[0].error, /the data of the last run is still being processed; try again later/)
  backend.state = 'up'
  await next.advance(SETTLE_MS)
  await next.replayDeadLetters()
  await next.advance(SETTLE_MS)
  assert.deepEqual([next.deadLetters.numbers, counted(backend)], [[], 111])
})

test('dead letters over which the processor fails again become new ones, also through a crash, and count once in the end', async () => {
  const until = 2000
  for (const turn of TURNS) {
    const disk = new SimulatedDisk(randomFrom(turn))
    const more = { before: failing(EPOCH + until) }
    const { backend, run } = await withDeadLetters(disk, more)
    void run.replayDeadLetters()
    await turns(turn)
    run.crash()
    const next = await JournaledRun.start(disk, backend, { ...options, ...more, now: run.clock.now() })
    await next.advance(600)
    assert.equal(next.deadLetters.numbers.length, LETTERS, `turn ${turn}`)
    await next.advance(until)
    assert.equal((await next.replayDeadLetters())!.delivered, LETTERS)
    await next.advance(SETTLE_MS)
    assert.deepEqual([next.deadLetters.numbers, counted(backend)], [[], 111], `turn ${turn}`)
  }
})

test('weir journal replay from before a failed entry: dead letters that are entries too do not become dead letters again', async () => {
  const disk = new SimulatedDisk()
  const { run } = await withDeadLetters(disk)
  await run.replayDeadLetters()
  await run.stop(1000)
  await writeCheckpoint(disk, FOLDER, { nextEntry: 0, time: EPOCH, snapshots: new Map(), queuePositions: undefined })
  const anew = new TestBackend()
  const next = await restart(disk, anew, run)
  assert.deepEqual([next.deadLetters.numbers, counted(anew)], [[], 111])
})

test('weir journal replay past an entry that was a dead letter: the dead letter that was not removed yet is there', async () => {
  const disk = new StubbornDisk()
  const { backend, run } = await withDeadLetters(disk)
  disk.isStuck = true
  await run.replayDeadLetters()
  const { nextEntry } = run
  run.crash()
  disk.isStuck = false
  const time = run.clock.now()
  await writeCheckpoint(disk, FOLDER, { nextEntry, time, snapshots: new Map(), queuePositions: undefined })
  const next = await restart(disk, backend, run)
  assert.equal((await next.replayDeadLetters())!.delivered, LETTERS)
  await next.advance(SETTLE_MS)
  assert.equal(counted(backend), 111)
})

test('an entry that failed before a crash and does not fail after it has no dead letter any more', async () => {
  const disk = new SimulatedDisk()
  const { backend, run } = await withDeadLetters(disk)
  run.crash()
  const next = await restart(disk, backend, run, { before: failing(0) })
  assert.deepEqual([next.deadLetters.numbers, counted(backend)], [[], 111])
})

test("crash at any step of the replay of an exporter's dead letter: it arrives, and never with another value", async () => {
  for (const queueBytes of [40, 1 << 20])
    for (const turn of TURNS) {
      const [disk, backend] = [new SimulatedDisk(randomFrom(turn)), new TestBackend()]
      const plain: RunOptions = { now: EPOCH, pipelines: ['plain'], queueBytes }
      const run = await JournaledRun.start(disk, backend, plain)
      backend.state = 'rejecting'
      void run.push([{ series: 'g', time: EPOCH, value: 7, kind: 'gauge' }])
      await run.advance(1500)
      assert.equal(run.deadLetters.numbers.length, 1)
      backend.state = turn % 2 === 0 ? 'up' : 'refusing'
      void run.replayDeadLetters()
      await turns(turn)
      run.crash()
      backend.state = 'up'
      const next = await JournaledRun.start(disk, backend, { ...plain, now: run.clock.now() })
      await next.advance(SETTLE_MS)
      await next.replayDeadLetters()
      assert.deepEqual([next.deadLetters.numbers, [...backend.stored().values()]], [[], [7]], `turn ${turn}`)
    }
})
