import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { EMPTY } from 'rxjs'
import { CreditPool } from '../../../../core/batch/credits.ts'
import { Component } from '../../../../core/pipeline/graph/component.ts'
import type { Topology } from '../../../../core/pipeline/graph/topology.ts'
import { DirectIngress } from '../../../../core/pipeline/ingest/ingress.ts'
import { Runner } from '../../../../core/pipeline/service/lifecycle.ts'
import type { ProcessorPlugin, Receiver } from '../../../../core/plugin/contract.ts'
import { FakeClock } from '../../../../sdk/plugin/testing.ts'
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

test('regression: a receiver without `open` was started twice, and first without anybody to take its batches', async () => {
  const log = pino({ level: 'silent' })
  const calls: string[] = []
  const receiver: Receiver = {
    get batches$() {
      calls.push('subscribe')
      return EMPTY
    },
    start: async () => void calls.push('start'),
    stop: async () => void calls.push('stop')
  }
  const component = new Component('receiver', 'extra', undefined, log)
  const topology = { receivers: [{ component, receiver }], pipelines: [], exporters: [] } as never as Topology
  const runner = new Runner(topology, {
    log,
    clock: new FakeClock(EPOCH),
    ingress: new DirectIngress(new Map(), new CreditPool(1)),
    stateBackend: undefined,
    startupTimeoutMs: 1000
  })
  await runner.start(new AbortController().signal)
  assert.deepEqual(calls, ['subscribe', 'start'])
})
