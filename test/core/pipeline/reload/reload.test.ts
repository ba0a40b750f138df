import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessorPlugin } from '../../../../core/plugin/contract.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun, turns } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

const COUNTER = { windows: ['200ms'], output: ['delta'], allowed_lateness: '100ms', idle_timeout: '300ms' }
const OTHER_COUNTER = { ...COUNTER, allowed_lateness: '200ms' }
const options: RunOptions = { now: EPOCH, counter: COUNTER }

/** A processor that lets everything pass, and cannot start while `isBroken`. */
function unreliable(isBroken = true) {
  const state = { isBroken }
  const start = async () => {
    await turns(Number(process.env.T ?? 40))
    if (state.isBroken) throw new Error('its file is not there')
  }
  const plugin = {
    kind: 'processor',
    type: 'extra',
    ports: { in: 'any', out: 'any' },
    create: () => ({ process: (block: unknown) => block, start })
  }
  return { state, plugin: plugin as never as ProcessorPlugin }
}

/** Pushes one count a time; `acked` is how many were acknowledged so far. */
class Load {
  acked = 0
  pushed = 0
  #run: JournaledRun

  constructor(run: JournaledRun) {
    this.#run = run
  }

  push(count: number, kind: 'counter' | 'gauge' = 'counter'): void {
    for (let i = 0; i < count; i++) {
      this.pushed++
      const point = { series: kind, time: this.#run.clock.now(), value: 1, kind }
      void this.#run.push([point]).then(status => {
        if (status === 'acked') this.acked++
      })
    }
  }
}

function sumOf(backend: TestBackend, prefix = 'counter{'): number {
  let sum = 0
  for (const [key, value] of backend.stored()) if (key.startsWith(prefix)) sum += value
  return sum
}

async function started(more: Partial<RunOptions> = {}) {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  const run = await JournaledRun.start(disk, backend, { ...options, ...more })
  return { disk, backend, run, load: new Load(run) }
}

test('regression: batches that came while a reload failed were given to pipelines that had ended, and lost', async () => {
  const { backend, run, load } = await started()
  load.push(20)
  const refused = assert.rejects(
    run.reload({ extra: unreliable().plugin, counter: OTHER_COUNTER }),
    /processor extra in counts could not start: its file is not there/
  )
  for (let i = 0; i < 50; i++) {
    load.push(2)
    await turns(1)
  }
  await refused
  load.push(10)
  await run.advance(3000)
  assert.equal(load.acked, load.pushed)
  assert.equal(sumOf(backend), load.pushed)
  assert.equal(run.component.account.imbalance, 0)
})

test('a reload that can be neither done nor undone: nothing is lost, it stops, and the next start has all', async () => {
  const { disk, backend, run, load } = await started({ extra: unreliable(false).plugin })
  const { state, plugin } = unreliable(false)
  await run.reload({ extra: plugin })
  load.push(10)
  await run.advance(100)
  state.isBroken = true
  const reloading = run.reload({ extra: unreliable().plugin })
  await assert.rejects(
    reloading,
    /could not start.*; the previous configuration could not be restored either: .*; restart Weir/
  )
  load.push(10)
  await run.advance(2000)
  assert.equal(load.acked, 20)
  assert.equal(await run.stop(1000), false)
  state.isBroken = false
  const next = await JournaledRun.start(disk, backend, { ...options, extra: plugin, now: run.clock.now() })
  await next.advance(3000)
  assert.equal(sumOf(backend), 20)
})

for (const [what, change] of [
  ['asked for again', undefined],
  ['brought back because the reload failed', unreliable().plugin]
] as const)
  test(`regression: an exporter taken out and ${what} lost the batches that waited for it on disk`, async () => {
    const gone = new TestBackend()
    const { backend, run, load } = await started({ others: { gone } })
    gone.state = 'refusing'
    for (let i = 0; i < 5; i++) {
      load.push(3)
      await run.advance(500)
    }
    await run.advance(3000)
    const fates = run.reload({ others: {}, ...(change && { extra: change }) })
    if (change === undefined) {
      assert.ok((await fates).some(({ component, outcome }) => component === 'exporter gone' && outcome === 'removed'))
      await run.advance(1000)
      await run.reload({ others: { gone } })
    } else await assert.rejects(fates)
    assert.equal(run.topology.exporters.filter(({ entry }) => entry.id === 'gone').length, 1)
    gone.state = 'up'
    load.push(1)
    await run.advance(8000)
    assert.equal(sumOf(backend), load.pushed)
    assert.equal(sumOf(gone), load.pushed)
    assert.equal(await run.stop(1000), true)
  })

test('regression: a reload that brought back an exporter and failed could not go back while something waited for that', async () => {
  const gone = new TestBackend()
  const { backend, run, load } = await started({ others: { gone } })
  gone.state = 'refusing'
  load.push(3)
  await run.advance(3000)
  await run.reload({ others: {} })
  await assert.rejects(
    run.reload({ others: { gone }, extra: unreliable().plugin }),
    /extra in counts could not start: its file is not there$/
  )
  gone.state = 'up'
  load.push(1)
  await run.advance(8000)
  assert.deepEqual([sumOf(backend), sumOf(gone)], [4, 3])
  assert.equal(await run.stop(1000), true)
})

test('a removed exporter ends once it has sent the waiting batches, and its loop with it', async () => {
  const gone = new TestBackend()
  const { run, load } = await started({ others: { gone } })
  gone.state = 'refusing'
  load.push(3)
  await run.advance(3000)
  await run.reload({ others: {} })
  assert.equal(run.topology.exporters.length, 2)
  gone.state = 'up'
  await run.advance(3000)
  assert.deepEqual([run.topology.exporters.length, sumOf(gone)], [1, 3])
})

test('regression: a reload that failed because exporters were too far behind left no receiver', async () => {
  const { backend, run, load } = await started({ queueBytes: 60, sendingQueue: { disk_size: '0B' }, shutdownMs: 300 })
  backend.state = 'refusing'
  for (let i = 0; i < 10; i++) {
    load.push(1, 'gauge')
    await run.advance(100)
  }
  await assert.rejects(run.reload({ receiver: { changed: true } }), /exporters are too far behind/)
  load.push(1, 'gauge')
  backend.state = 'up'
  await run.advance(3000)
  assert.equal(load.acked, load.pushed)
})

test('regression: a reload whose checkpoint could not be written went through, and a crash undid half of it', async () => {
  const { disk, backend, run, load } = await started()
  load.push(5)
  await run.advance(150)
  disk.capacity = 0
  await assert.rejects(run.reload({ counter: OTHER_COUNTER }), /no checkpoint could be taken within 10 s/)
  disk.capacity = Number.POSITIVE_INFINITY
  await run.advance(2000)
  load.push(5)
  await run.advance(2000)
  run.crash()
  const next = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
  await next.advance(3000)
  assert.equal(sumOf(backend), load.acked)
})

test('regression: batches that neither backend nor disk would take were dropped when their exporter was exchanged', async () => {
  const { disk, backend, run, load } = await started({ pipelines: ['plain'] })
  backend.state = 'refusing'
  load.push(5, 'gauge')
  await run.advance(100)
  disk.capacity = 0
  await assert.rejects(run.reload({ sendingQueue: { max_batch: 9 } }), /no checkpoint could be taken/)
  disk.capacity = Number.POSITIVE_INFINITY
  await run.reload({ sendingQueue: { max_batch: 9 } })
  backend.state = 'up'
  await run.advance(3000)
  assert.equal(backend.sent.length, 5)
  assert.equal(run.component.account.droppedTotal, 0)
  assert.equal(await run.stop(1000), true)
})

test('two reloads at once are done one after the other', async () => {
  const { backend, run, load } = await started()
  load.push(5)
  const both = [run.reload({ counter: OTHER_COUNTER }), run.reload({ counter: COUNTER })]
  load.push(5)
  for (const changes of await Promise.all(both)) assert.ok(changes.some(({ outcome }) => outcome === 'state kept'))
  await run.advance(2000)
  assert.equal(sumOf(backend), 10)
  assert.equal(await run.stop(1000), true)
})

test('regression: --discard-state did not start where something waited for an exporter that is gone, as it was told to', async () => {
  const gone = new TestBackend()
  const { disk, backend, run, load } = await started({ others: { gone } })
  gone.state = 'refusing'
  load.push(3)
  await run.advance(3000)
  run.crash()
  const later = { ...options, now: run.clock.now() }
  await assert.rejects(
    JournaledRun.start(disk, backend, later),
    /1 batch is on disk for exporter gone, .*--discard-state/
  )
  const next = await JournaledRun.start(disk, backend, { ...later, discardState: true })
  assert.equal(await next.stop(1000), true)
})

/** Removals take so many turns of the event loop, as of large files. */
class RemovingDisk extends SimulatedDisk {
  readonly turns: number
  removals = 0

  constructor(turns: number) {
    super()
    this.turns = turns
  }

  override async remove(file: string): Promise<void> {
    await super.remove(file)
    if (!file.includes('/lanes/')) return
    this.removals++
    await turns(this.turns)
  }
}

test('regression: a reload failed while a checkpoint was still removing files of a sending queue', async () => {
  for (const turns of [3, 10, 40]) {
    const [disk, backend] = [new RemovingDisk(turns), new TestBackend()]
    backend.state = 'down'
    const run = await JournaledRun.start(disk, backend, {
      ...options,
      sendingQueue: { disk_size: '4KiB' },
      queueBytes: 200
    })
    const load = new Load(run)
    for (let i = 0; i < 60; i++) {
      load.push(1, 'gauge')
      await run.advance(100)
    }
    backend.state = 'up'
    while (disk.removals === 0) await run.advance(20)
    await run.reload({ sendingQueue: { disk_size: '4KiB', max_batch: 5 } })
    await run.advance(3000)
    assert.equal(sumOf(backend, 'gauge{'), load.pushed)
  }
})
