import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom } from '../journal/simulated-disk.ts'
import type { RunOptions } from './journaled-config.ts'
import { EPOCH, FOLDER, JournaledRun, type TestPoint } from './journaled-run.ts'
import { KeepingDisk, TestBackend } from './journaled-world.ts'

const COUNTER = { windows: ['200ms', '1s'], allowed_lateness: '100ms', idle_timeout: '300ms', max_future_skew: '1s' }
const CHECKPOINT = `${FOLDER}/checkpoint`
const MAX_FUTURE_MS = 1000
const LAST_MS = 8_000

type Step =
  | { readonly do: 'push'; readonly points: readonly (Omit<TestPoint, 'time'> & { readonly ago: number })[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'backend'; readonly state: TestBackend['state'] }
  | { readonly do: 'crash'; readonly away: number }
  | { readonly do: 'stop'; readonly timeout: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      points: fc.array(
        fc.record({
          series: fc.constantFrom('a', 'b', 'c'),
          ago: fc.integer({ min: -1500, max: 2500 }),
          value: fc.constantFrom(1, 0.1, 0.7, 3e9)
        }),
        { minLength: 1, maxLength: 6 }
      )
    })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('backend' as const),
      state: fc.constantFrom('up', 'up', 'down', 'refusing', 'mute')
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), away: fc.integer({ min: 0, max: 2000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const), timeout: fc.integer({ min: 0, max: 600 }) }) }
)

/** What happened: the journal of it, and what the backend was sent. */
async function live(steps: readonly Step[], disk: KeepingDisk, backend: TestBackend, options: RunOptions) {
  let run = await JournaledRun.start(disk, backend, options)
  const first = disk.contents(CHECKPOINT)
  let acknowledged = 0
  for (const step of steps) {
    if (step.do === 'push') {
      const points = step.points.map(({ ago, ...point }) => ({ ...point, time: run.clock.now() - ago }))
      const worth = step.points.reduce((sum, { ago, value }) => sum + (ago >= -MAX_FUTURE_MS ? value : 0), 0)
      void run.push(points).then(status => {
        if (status === 'acked') acknowledged += worth
      })
    } else if (step.do === 'wait') await run.advance(step.ms)
    else if (step.do === 'backend') backend.state = step.state
    else {
      if (step.do === 'crash') run.crash()
      else await run.stop(step.timeout)
      const away = step.do === 'crash' ? step.away : 0
      run = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() + away })
    }
  }
  backend.state = 'up'
  await run.advance(LAST_MS)
  assert.equal(run.component.account.imbalance, 0)
  assert.equal(await run.stop(1000), true)
  return { first, acknowledged, end: run.clock.now() }
}

/** The same journal, done in one go, with a backend that is always there. */
async function replayed(disk: KeepingDisk, first: Buffer, end: number, options: RunOptions): Promise<TestBackend> {
  const whole = new KeepingDisk()
  for (const [file, bytes] of disk.removed) whole.put(file, bytes)
  for (const file of disk.files) whole.put(file, disk.contents(file))
  whole.put(CHECKPOINT, first)
  const backend = new TestBackend()
  const run = await JournaledRun.start(whole, backend, { ...options, now: end, queueBytes: 1 << 20 })
  while (run.unread > 0) await run.advance(100)
  await run.advance(1000)
  await run.stop(1000)
  return backend
}

const runs = { numRuns: Number(process.env.RUNS ?? 30), endOnFailure: process.env.QUICK !== undefined, timeout: 20_000 }
const steps = fc.array(step, { minLength: 5, maxLength: 30, size: 'max' })

test('whatever crashes when, each series and time is sent with one value, as if nothing had crashed', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer(), fc.constantFrom(200, 1 << 20), async (steps, seed, queueBytes) => {
      const [disk, backend] = [new KeepingDisk(randomFrom(seed)), new TestBackend()]
      const options = { now: EPOCH, queueBytes, counter: COUNTER }
      const { first, acknowledged, end } = await live(steps, disk, backend, options)
      const stored = backend.stored()
      const wanted = (await replayed(disk, first, end, options)).stored()
      const isDuring = ([key]: [string, number]) => Number(key.split('@')[1]) <= end - LAST_MS / 2
      const [got, want] = [[...stored].filter(isDuring), [...wanted].filter(isDuring)]
      assert.deepEqual(differences(new Map(got), new Map(want)), [])
      // What a sending queue nacks at a stop goes behind what it had refused before, so only then the order may
      // differ.
      if (!steps.some(step => step.do === 'stop')) assert.deepEqual(got, want)
      const counted = sumOf(stored)
      assert.ok(counted >= acknowledged * (1 - 1e-9), `${counted} of ${acknowledged} acknowledged`)
    }),
    { ...runs, ...(process.env.SEED ? { seed: Number(process.env.SEED), path: process.env.FCPATH } : {}) }
  )
})

function differences(got: ReadonlyMap<string, number>, want: ReadonlyMap<string, number>): string[] {
  const keys = [...new Set([...got.keys(), ...want.keys()])].filter(key => !Object.is(got.get(key), want.get(key)))
  return keys.map(key => `${key}: ${got.get(key)} sent, ${want.get(key)} without a crash`)
}

/** What the smallest windows and the late series beside them add up to: all that was counted. */
function sumOf(stored: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const [key, value] of stored) if (key.includes('window=200ms')) sum += value
  return sum
}
