import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProcessorPlugin } from '../../../core/plugin/contract.ts'
import { SimulatedDisk } from '../journal/simulated-disk.ts'
import type { RunOptions } from './journaled-config.ts'
import { EPOCH, JournaledRun } from './journaled-run.ts'
import { TestBackend } from './journaled-world.ts'

const STUCK = {
  kind: 'processor',
  type: 'extra',
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
