import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { Subject } from 'rxjs'
import { Component } from '../../../../core/pipeline/graph/component.ts'
import { Runner } from '../../../../core/pipeline/service/lifecycle.ts'
import type { ProcessorPlugin } from '../../../../core/plugin/contract.ts'
import { systemClock } from '../../../../core/telemetry/clock.ts'
import { SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

const STUCK = {
  kind: 'processor',
  type: 'extra',
  ports: { in: 'any', out: 'any' },
  create: () => ({ process: (block: unknown) => block, stop: () => new Promise(() => {}) })
} as never as ProcessorPlugin

for (const [what, end] of [
  ['a stop', (run: JournaledRun) => run.stop(300)],
  ['a reload', (run: JournaledRun) => run.reload({ extra: undefined } as never as Partial<RunOptions>)]
] as const)
  test(`regression: ${what} waited without end for a component that does not stop`, { timeout: 10_000 }, async () => {
    const options = { now: EPOCH, extra: STUCK, shutdownMs: 300 }
    const run = await JournaledRun.start(new SimulatedDisk(), new TestBackend(), options)
    assert.notEqual(await end(run), undefined)
  })

test('regression: a component whose start never ended held up a start, and a reload, for good', async () => {
  let stops = 0
  let start = Promise.withResolvers<void>()
  const signals: AbortSignal[] = []
  const plugin = {
    kind: 'processor',
    type: 'extra',
    ports: { in: 'any', out: 'any' },
    create: () => ({
      process: (block: unknown) => block,
      start: (signal: AbortSignal) => {
        signals.push(signal)
        return start.promise
      },
      stop: async () => void stops++
    })
  } as never as ProcessorPlugin
  const run = await JournaledRun.start(new SimulatedDisk(), new TestBackend(), { now: EPOCH })
  const want =
    /processor extra in counts did not start within 5s: check the server, file or port it waits for, or raise service.startup_timeout/
  await assert.rejects(run.reload({ extra: plugin }), want)
  assert.equal(signals[0].aborted, true)
  start.resolve()
  await run.advance(100)
  assert.ok(stops > 0, 'a component that starts late is stopped again')
  start = Promise.withResolvers()
  start.resolve()
  await run.reload({ extra: plugin })
  assert.equal(await run.stop(1000), true)
})

/** A receiver that tells its steps, alone in a topology without exporters. */
function runnerOf(steps: string[], methods: readonly string[]): Runner {
  const batches$ = new Subject<never>()
  const tell = (step: string) => async () => {
    steps.push(step)
    if (step === 'drain' || (step === 'stop' && !methods.includes('drain'))) batches$.complete()
  }
  const receiver = { batches$, ...Object.fromEntries(methods.map(step => [step, tell(step)])) }
  const log = pino({ level: 'silent' })
  const component = new Component('receiver', 'it', undefined, log)
  const ingress = { push() {}, drain: async () => void steps.push('ingress') }
  const stateBackend = {
    restore: async () => void steps.push('restore'),
    begin() {},
    ready() {},
    save: async () => true
  }
  const host = { log, clock: systemClock, ingress, stateBackend, startupTimeoutMs: 1000 }
  return new Runner(
    { receivers: [{ component, receiver }], pipelines: [], exporters: [], extensions: [] } as never,
    host as never
  )
}

for (const [methods, started, stopped] of [
  [
    ['open', 'start', 'drain', 'stop'],
    ['open', 'restore', 'start'],
    ['drain', 'ingress', 'stop']
  ],
  [
    ['start', 'stop'],
    ['restore', 'start'],
    ['stop', 'ingress']
  ]
] as const)
  test(`a receiver with ${methods.join(', ')} goes through each once`, async () => {
    const steps: string[] = []
    const runner = runnerOf(steps, methods)
    await runner.start(new AbortController().signal)
    assert.deepEqual(steps.splice(0), started)
    assert.equal(await runner.stop(1000), true)
    assert.deepEqual(steps, stopped)
  })
