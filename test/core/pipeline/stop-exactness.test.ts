import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { SimulatedDisk } from '../journal/simulated-disk.ts'
import { EPOCH, JournaledRun } from './journaled-run.ts'
import { TestBackend } from './journaled-world.ts'

type Step =
  | { readonly do: 'push'; readonly items: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'backend'; readonly state: 'up' | 'down' | 'refusing' }
  | { readonly do: 'stop' | 'reload'; readonly timeout: number }

const STOPS = fc.constantFrom('stop' as const, 'reload' as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), items: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 300 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('backend' as const),
      state: fc.constantFrom('up' as const, 'up' as const, 'down' as const, 'refusing' as const)
    })
  },
  { weight: 3, arbitrary: fc.record({ do: STOPS, timeout: fc.integer({ min: 0, max: 200 }) }) }
)

/** Each point has a series of its own; of every fifth the backend wants nothing. */
const isPoison = (key: string) => Number(/^p(\d+)/.exec(key)![1]) % 5 === 2

async function live(steps: readonly Step[], order: string, queueBytes: number) {
  const [disk, backend] = [new SimulatedDisk(), new TestBackend()]
  backend.isPoison = isPoison
  const options = { now: EPOCH, queueBytes, pipelines: ['straight'], sendingQueue: { order } }
  let run = await JournaledRun.start(disk, backend, options)
  let pushed = 0
  for (const step of steps) {
    const point = () => ({ series: `p${pushed++}`, time: run.clock.now(), value: 1, kind: 'gauge' as const })
    if (step.do === 'push') void run.push(Array.from({ length: step.items }, point))
    else if (step.do === 'wait') await run.advance(step.ms)
    else if (step.do === 'backend') backend.state = step.state
    else if (step.do === 'reload')
      await run.reload({ sendingQueue: { order, max_size: `${queueBytes + step.timeout}B` } })
    else {
      await run.stop(step.timeout)
      run = await JournaledRun.start(disk, backend, { ...options, now: run.clock.now() })
    }
  }
  backend.state = 'up'
  await run.advance(5000)
  assert.equal(await run.stop(1000), true)
  const deadLetters = await Promise.all(run.deadLetters.numbers.map(n => run.deadLetters.read(n, new SeriesTable())))
  const dead = deadLetters.flatMap(({ block }) =>
    block.type === 'points' ? [...block.series].map(({ metric }) => metric.name) : []
  )
  return { pushed, stored: backend.sent.map(([key]) => key.slice(0, key.indexOf('{'))), dead }
}

test('whatever is refused when it stops or reloads, a backend that appends gets all once, and the rest is dead once', async () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 25, size: 'max' })
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom('any', 'oldest_first'), fc.constantFrom(200, 1 << 20), async (...input) => {
      const { pushed, stored, dead } = await live(...input)
      const all = Array.from({ length: pushed }, (_, i) => `p${i}`)
      assert.deepEqual([...stored, ...dead].sort(), all.sort())
      assert.deepEqual(stored.filter(isPoison), [])
    }),
    { numRuns: Number(process.env.RUNS ?? 50), timeout: 20_000 }
  )
})
