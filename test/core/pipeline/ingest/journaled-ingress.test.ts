import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Block } from '../../../../core/model/block.ts'
import type { ProcessorPlugin } from '../../../../core/plugin/contract.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, FOLDER, JournaledRun, type TestPoint } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

const COUNTER = { windows: ['200ms'], output: ['delta'], allowed_lateness: '100ms', idle_timeout: '300ms' }
const options: RunOptions = { now: EPOCH, counter: COUNTER }

function point(time: number, value = 1, kind: TestPoint['kind'] = 'counter'): TestPoint {
  return { series: kind, time, value, kind }
}

/** Values of `counter`, by window end after the epoch, ms. */
function counted(backend: TestBackend): Record<string, number> {
  return Object.fromEntries(
    [...backend.stored()]
      .filter(([key]) => key.startsWith('counter{'))
      .map(([key, value]) => [`${key.includes('late') ? 'late ' : ''}${Number(key.split('@')[1]) - EPOCH}`, value])
  )
}

/** Pushes without waiting; what became of it is put into `outcomes`. */
function push(run: JournaledRun, points: readonly TestPoint[], outcomes: string[] = []): void {
  void run.push(points).then(outcome => outcomes.push(outcome))
}

/** A processor that writes down its state at once or, while `isSaved` is false, in steps without end. */
function slowToSave() {
  const state = new Uint8Array(1)
  const slow = {
    isSaved: true,
    plugin: {
      kind: 'processor',
      type: 'slow',
      ports: { in: 'any', out: 'any' },
      create: () => ({
        process: (block: Block) => block,
        snapshot: () => state,
        *snapshotInSteps() {
          while (!slow.isSaved) yield
          return state
        },
        restore() {}
      })
    } as never as ProcessorPlugin
  }
  return slow
}

test('a batch is acknowledged when it is on disk, whatever the backend does', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  backend.state = 'down'
  const run = await JournaledRun.start(disk, backend, options)
  const outcomes: string[] = []
  push(run, [point(EPOCH)], outcomes)
  assert.deepEqual(outcomes, [])
  await run.advance(100)
  assert.deepEqual(outcomes, ['acked'])
  run.crash()
  backend.state = 'up'
  const next = await JournaledRun.start(disk, backend, options)
  await next.advance(2000)
  assert.deepEqual(counted(backend), { 200: 1 })
})

test('regression: an entry is not dropped because the windows it closes fill the sending queue', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  backend.state = 'down'
  const run = await JournaledRun.start(disk, backend, { ...options, queueBytes: 30 })
  push(run, [point(EPOCH)])
  await run.advance(200)
  // No tick comes before this entry, which closes the window before it is forwarded itself.
  run.clock.offsetMs = 1_800
  const outcomes: string[] = []
  push(run, [point(EPOCH + 2_000, 5)], outcomes)
  push(run, [point(EPOCH + 2_000, 7, 'gauge')], outcomes)
  await run.advance(1000)
  assert.deepEqual(outcomes, ['acked', 'acked'])
  backend.state = 'up'
  await run.advance(8000)
  assert.equal(run.component.account.droppedTotal, 0)
  assert.deepEqual(counted(backend), { 200: 1, 2200: 5 })
  assert.equal(backend.stored().get(`gauge{}@${EPOCH + 2_000}`), 7)
})

test('while a checkpoint is taken batches are acknowledged, and none is forwarded', async () => {
  const [disk, backend, slow] = [new SimulatedDisk(), new TestBackend(), slowToSave()]
  const withSlow = { ...options, before: slow.plugin }
  const run = await JournaledRun.start(disk, backend, withSlow)
  slow.isSaved = false
  await run.advance(800)
  const outcomes: string[] = []
  push(run, [point(EPOCH + 800, 5)], outcomes)
  push(run, [point(EPOCH + 800, 7)], outcomes)
  await run.advance(100)
  assert.deepEqual(outcomes, ['acked', 'acked'])
  assert.ok(run.unread >= 2)
  slow.isSaved = true
  await run.advance(100)
  assert.equal(run.unread, 0)
  run.crash()
  const next = await JournaledRun.start(disk, backend, { ...withSlow, now: run.clock.now() })
  await next.advance(2000)
  assert.deepEqual(counted(backend), { 1000: 12 })
})

test('regression: a disk that could not be read once ended all processing until a restart', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, { ...options, queueBytes: 30 })
  backend.state = 'down'
  const outcomes: string[] = []
  for (let i = 0; i < 5; i++) push(run, [point(EPOCH + i, i, 'gauge')], outcomes)
  await run.advance(100)
  run.crash()
  backend.state = 'up'
  const next = await JournaledRun.start(disk, backend, { ...options, queueBytes: 30 })
  disk.broken = { code: 'EIO', when: 'before' }
  await next.advance(500)
  assert.equal(next.component.state, 'failed')
  assert.match(next.component.reason!, /^the journal cannot be read on: .*EIO/)
  disk.broken = undefined
  await next.advance(3000)
  assert.equal(next.component.state, 'ok')
  for (let i = 0; i < 5; i++) assert.equal(backend.stored().get(`gauge{}@${EPOCH + i}`), i)
})

test('regression: batches that a sending queue nacks at a stop are processed by the next start', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  backend.state = 'down'
  const run = await JournaledRun.start(disk, backend, options)
  const outcomes: string[] = []
  push(run, [point(EPOCH, 3, 'gauge')], outcomes)
  push(run, [point(EPOCH, 1)], outcomes)
  await run.advance(1000)
  assert.deepEqual(outcomes, ['acked', 'acked'])
  assert.equal(await run.stop(100), false)
  backend.state = 'up'
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
  await next.advance(2000)
  assert.equal(backend.stored().get(`gauge{}@${EPOCH}`), 3)
  assert.deepEqual(counted(backend), { 200: 1 })
})

test('a clock that steps back neither loses nor doubles; time stands still until it has caught up', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  let run = await JournaledRun.start(disk, backend, options)
  push(run, [point(EPOCH, 1)])
  await run.advance(1000)
  run.clock.offsetMs = -3000
  const outcomes: string[] = []
  push(run, [point(EPOCH - 2000, 2)], outcomes)
  await run.advance(1000)
  run.crash()
  run = await JournaledRun.start(disk, backend, { ...options, now: EPOCH - 1000 })
  push(run, [point(EPOCH - 1000, 4)], outcomes)
  await run.advance(5000)
  assert.deepEqual(outcomes, ['acked', 'acked'])
  const values = counted(backend)
  assert.equal(values[200], 1)
  const late = Object.entries(values).filter(([window]) => window.startsWith('late'))
  assert.equal(
    late.reduce((sum, [, value]) => sum + value, 0),
    6
  )
})

test('a clock that steps forward closes open windows, and continues', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, options)
  push(run, [point(EPOCH, 1)])
  await run.advance(40)
  run.clock.offsetMs = 3_600_000
  push(run, [point(EPOCH + 3_600_040, 2)])
  await run.advance(2000)
  assert.deepEqual(counted(backend), { 200: 1, 3600200: 2 })
})

test('a full disk: senders are told to retry, and acknowledged data is not lost', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  let run = await JournaledRun.start(disk, backend, options)
  const outcomes: string[] = []
  push(run, [point(EPOCH, 1)], outcomes)
  await run.advance(100)
  disk.capacity = 0
  push(run, [point(EPOCH, 10)], outcomes)
  await run.advance(200)
  push(run, [point(EPOCH, 100)], outcomes)
  await run.advance(2000)
  assert.deepEqual(outcomes, ['acked', 'nacked', 'nacked'])
  assert.equal(run.component.state, 'degraded')
  disk.capacity = Number.POSITIVE_INFINITY
  await run.advance(3000)
  const now = run.clock.now() - EPOCH
  push(run, [point(EPOCH + now, 1000)], outcomes)
  await run.advance(40)
  assert.equal(outcomes.at(-1), 'acked')
  assert.equal(run.component.state, 'ok')
  run.crash()
  run = await JournaledRun.start(disk, backend, { ...options, now: EPOCH + now })
  await run.advance(3000)
  assert.deepEqual(Object.values(counted(backend)), [1, 1000])
})

test('a full journal: senders are told to come back until exporters have caught up', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  backend.state = 'down'
  const run = await JournaledRun.start(disk, backend, { ...options, maxSize: 4_000 })
  let sent = 0
  for (let refused = false; !refused; sent++) {
    const outcomes: string[] = []
    push(run, [point(run.clock.now(), 1)], outcomes)
    await run.advance(100)
    refused = outcomes[0] === 'nacked'
  }
  assert.ok(sent > 10)
  backend.state = 'up'
  await run.advance(5000)
  const outcomes: string[] = []
  push(run, [point(run.clock.now(), 1)], outcomes)
  await run.advance(3000)
  assert.deepEqual(outcomes, ['acked'])
  const sum = Object.values(counted(backend)).reduce((a, b) => a + b, 0)
  assert.equal(sum, sent, 'the refused one is not there')
})

test('a stop while the journal cannot be written does not wait for the deadline', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, options)
  disk.capacity = 0
  push(run, [point(EPOCH, 1)])
  const begun = run.clock.now()
  await run.stop(60_000)
  assert.ok(run.clock.now() - begun < 5_000)
})

test('a journal without its checkpoint is refused, unless state is to be discarded', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, { ...options, maxSize: 1_000 })
  for (let i = 0; i < 20; i++) {
    push(run, [point(run.clock.now(), 1)])
    await run.advance(200)
  }
  await run.stop(1000)
  await disk.remove(`${FOLDER}/checkpoint`)
  const late = { ...options, now: run.clock.now() }
  await assert.rejects(JournaledRun.start(disk, backend, late), /there is no checkpoint in \/journal, and its journal/)
  const next = await JournaledRun.start(disk, new TestBackend(), { ...late, discardState: true })
  await next.advance(500)
  assert.equal(next.component.state, 'ok')
})

test('regression: --discard-state starts over a damaged checkpoint, as its message says', async () => {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, options)
  await run.stop(1000)
  disk.put(`${FOLDER}/checkpoint`, Buffer.from('half of it'))
  await assert.rejects(JournaledRun.start(disk, backend, options), /checkpoint is damaged.* start with --discard-state/)
  const next = await JournaledRun.start(disk, backend, { ...options, discardState: true })
  push(next, [point(EPOCH, 4)])
  await next.advance(2000)
  assert.deepEqual(counted(backend), { 200: 4 })
})

test('regression: without room for its first checkpoint it does not start', async () => {
  const disk = new SimulatedDisk()
  disk.capacity = 0
  await assert.rejects(JournaledRun.start(disk, new TestBackend(), options), /cannot write the first checkpoint/)
})
