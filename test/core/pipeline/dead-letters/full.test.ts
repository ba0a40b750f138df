import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom, SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun, turns } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

/** The dead letters are full with one of them. */
const options: RunOptions = { now: EPOCH, pipelines: ['plain'], deadLetterBytes: 40 }
const IN_MEMORY: Partial<RunOptions> = { sendingQueue: { disk_size: '0B' } }

const gauge = (series: string, value: number) => ({ series, time: EPOCH, value, kind: 'gauge' }) as const

/** With a dead letter of 7, and 8 that would be one if there were room. */
async function withFullDeadLetters(more: Partial<RunOptions> = {}, disk = new SimulatedDisk()) {
  const backend = new TestBackend()
  const run = await JournaledRun.start(disk, backend, { ...options, ...more })
  backend.state = 'rejecting'
  for (const [series, value] of [
    ['a', 7],
    ['b', 8]
  ] as const) {
    void run.push([gauge(series, value)])
    await run.advance(1000)
  }
  assert.deepEqual(run.deadLetters.numbers, [0])
  const [{ component }] = run.topology.exporters
  assert.match(component.reason ?? '', /are full/)
  return { disk, backend, run, component }
}

for (const [name, more] of [
  ['with a disk buffer', {}],
  ['in memory', IN_MEMORY]
] as const)
  test(`regression: a replay waited for ever behind the block whose dead letter had no room, ${name}`, async () => {
    const { backend, run, component } = await withFullDeadLetters(more)
    backend.state = 'up'
    assert.deepEqual(await run.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
    await run.advance(3000)
    assert.deepEqual(run.deadLetters.numbers, [1])
    assert.deepEqual(await run.replayDeadLetters(), { delivered: 1, items: 1, failed: [] })
    assert.deepEqual([run.deadLetters.numbers, backend.sent.map(([, value]) => value)], [[], [7, 8]])
    assert.equal(component.account.imbalance, 0)
  })

test('a replay while the dead letters are full and the backend still refuses: it says so, and the dead letter stays', async () => {
  const { run, component } = await withFullDeadLetters()
  const { delivered, failed } = (await run.replayDeadLetters())!
  assert.equal(delivered, 0)
  assert.deepEqual(failed, [{ number: 0, error: 'it stayed here, refused again (rejected): never' }])
  assert.deepEqual(run.deadLetters.numbers, [0])
  assert.equal(component.account.imbalance, 0)
})

test('crash at any step of a replay while the dead letters are full: each arrives, and never with another value', async () => {
  for (const more of [{}, IN_MEMORY])
    for (let turn = 0; turn < 40; turn++) {
      const { disk, backend, run } = await withFullDeadLetters(more, new SimulatedDisk(randomFrom(turn)))
      backend.state = 'up'
      void run.replayDeadLetters()
      await turns(turn)
      run.crash()
      const next = await JournaledRun.start(disk, backend, { ...options, ...more, now: run.clock.now() })
      await next.advance(5000)
      await next.replayDeadLetters()
      assert.deepEqual(next.deadLetters.numbers, [], `turn ${turn}`)
      assert.deepEqual([...backend.stored().values()].sort(), [7, 8], `turn ${turn}`)
    }
})

test('a reload of the exporter while the dead letters are full and replayed: each arrives once, whenever it begins', async () => {
  for (let turn = 0; turn < 30; turn++) {
    const { backend, run } = await withFullDeadLetters({}, new SimulatedDisk(randomFrom(turn)))
    backend.state = 'up'
    const replay = run.replayDeadLetters()
    await turns(turn)
    await run.reload({ retry: { max_interval: '100ms' } })
    await replay
    await run.replayDeadLetters()
    await run.advance(1000)
    await run.replayDeadLetters()
    assert.deepEqual([run.deadLetters.numbers, backend.sent.length], [[], 2], `turn ${turn}`)
    assert.equal(run.topology.exporters[0].component.account.imbalance, 0)
  }
})
