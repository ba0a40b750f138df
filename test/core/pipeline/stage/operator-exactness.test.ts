import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PointBlock } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { randomFrom, SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'
import { chainOf, isTimed, type Link, link, POISON } from './operator-chains.ts'

/** In which windows and retries end by themselves. */
const LAST_MS = 9_000
const COUNTER = { windows: ['200ms'], output: ['delta'], idle_timeout: '300ms', max_future_skew: '1s' }

type Step =
  | { readonly do: 'push'; readonly values: readonly number[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'backend'; readonly state: TestBackend['state'] }
  | { readonly do: 'crash'; readonly away: number }
  | { readonly do: 'stop' }
  | { readonly do: 'reload' }

const values = fc.array(fc.constantFrom(1, 1, 1, 1, 1, 1, 1, POISON), { minLength: 1, maxLength: 5 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('push' as const), values }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('backend' as const),
      state: fc.constantFrom('up', 'up', 'refusing', 'mute')
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('crash' as const), away: fc.integer({ min: 0, max: 500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('stop' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reload' as const) }) }
)

/** Sends points `i0`, `i1`, … through `steps`; returns those that were acknowledged. */
class Life {
  readonly sent = new Map<string, number>()
  readonly acknowledged = new Map<string, number>()
  readonly backend = new TestBackend()
  run!: JournaledRun
  readonly links: readonly Link[]
  #disk: SimulatedDisk
  #options: RunOptions
  #reloads = 0

  constructor(seed: number, links: readonly Link[], options: RunOptions) {
    this.links = links
    this.#disk = new SimulatedDisk(randomFrom(seed))
    this.#options = options
  }

  async live(steps: readonly Step[]): Promise<void> {
    this.run = await JournaledRun.start(this.#disk, this.backend, this.#options)
    for (const step of steps) {
      await this.#do(step)
      assertBalanced(this.run)
    }
    this.backend.state = 'up'
    await this.run.advance(LAST_MS)
    await this.#emptyQueues()
  }

  /** An operator that takes one batch at a time needs as long as it has batches. */
  async #emptyQueues(): Promise<void> {
    const longestMs = this.sent.size * this.links.reduce((sum, { ms }) => sum + ms, 0)
    for (let waited = 0; waited < longestMs && this.run.services.settlements.size > 0; waited += LAST_MS)
      await this.run.advance(LAST_MS)
  }

  async #do(step: Step): Promise<void> {
    if (step.do === 'push') this.#push(step.values)
    else if (step.do === 'wait') await this.run.advance(step.ms)
    else if (step.do === 'backend') this.backend.state = step.state
    else if (step.do === 'reload') await this.run.reload({ receiver: { changed: ++this.#reloads } }).catch(() => {})
    else {
      if (step.do === 'crash') this.run.crash()
      else await this.run.stop(500)
      const away = step.do === 'crash' ? step.away : 0
      this.run = await JournaledRun.start(this.#disk, this.backend, {
        ...this.#options,
        now: this.run.clock.now() + away
      })
    }
  }

  #push(values: readonly number[]): void {
    const time = this.run.clock.now()
    const points = values.map((value, i) => ({ series: `i${this.sent.size}_${i}`, time, value }))
    for (const { series, value } of points) this.sent.set(series, value)
    void this.run.push(points).then(status => {
      if (status !== 'acked') return
      for (const { series, value } of points) this.acknowledged.set(series, value)
    })
  }
}

async function deadLetters({ deadLetters }: JournaledRun): Promise<Map<string, number>> {
  const items = new Map<string, number>()
  for (const number of deadLetters.numbers) {
    const { block } = await deadLetters.read(number, new SeriesTable())
    const { series, value } = block as PointBlock
    for (let i = 0; i < block.length; i++) {
      assert.ok(!items.has(series.at(i).metric.name), `${series.at(i).metric.name} is in two dead letters`)
      items.set(series.at(i).metric.name, value[i])
    }
  }
  return items
}

/** Everything is with somebody who keeps it, and all that was paid is paid back. */
function assertSettled({ services, topology, component }: JournaledRun): void {
  const { settlements, heldCredits, credits, outputBudget } = services
  assert.equal(settlements.size, 0, 'every settlement is closed')
  assert.deepEqual([heldCredits.used, credits.used, outputBudget.used], [0, 0, 0], 'all credits are back')
  for (const { account } of [component, ...processorsOf(topology)])
    assert.deepEqual([account.inFlight, account.imbalance], [0, 0])
}

function assertBalanced({ topology, component }: JournaledRun): void {
  for (const { id, account } of [component, ...processorsOf(topology)]) assert.equal(account.imbalance, 0, id)
}

const processorsOf = ({ pipelines }: JournaledRun['topology']) =>
  pipelines.flatMap(({ processors }) => processors.map(({ component }) => component))

/**
 * Whether an item may be in a dead letter that has been stored too. A batch of which some was emitted before the rest
 * failed is a dead letter as a whole. One that came out before a crash may be inside after it, when another one fails,
 * if the operator waits for something else than the clock.
 */
const mayBeBoth = (links: readonly Link[]) =>
  links.some(({ kind }) => kind.startsWith('splits')) || !links.every(isTimed)

const runs = {
  numRuns: Number(process.env.RUNS ?? 60),
  timeout: 20_000,
  ...(process.env.SEED ? { seed: Number(process.env.SEED), path: process.env.FCPATH } : {})
}
const steps = fc.array(step, { minLength: 5, maxLength: 30, size: 'max' })
const chain = fc.array(link, { minLength: 1, maxLength: 3 })

test('operators before windows: whatever crashes when, each item counts once', async () => {
  await fc.assert(
    fc.asyncProperty(chain, steps, fc.integer(), async (links, steps, seed) => {
      const lateness = links.every(isTimed) ? '100ms' : '5s'
      const counter = { ...COUNTER, allowed_lateness: lateness }
      const life = new Life(seed, links, { now: EPOCH, counter, before: chainOf('before', links) })
      await life.live(steps)
      assertSettled(life.run)
      const dead = await deadLetters(life.run)
      const counted = new Map<string, number>()
      for (const [key, value] of life.backend.stored()) {
        const item = key.split('{')[0]
        counted.set(item, (counted.get(item) ?? 0) + value)
      }
      for (const [item, value] of life.sent) {
        const times = ((counted.get(item) ?? 0) + (dead.get(item) ?? 0)) / value
        const isLost = life.acknowledged.has(item) && times === 0
        const isTwice = times > 1 && !(dead.has(item) && mayBeBoth(links))
        assert.ok(!isLost && !isTwice, `${item} counts ${times} times; ${dead.has(item) ? 'dead' : 'not dead'}`)
      }
    }),
    runs
  )
})

test('a queue in an operator that needs longer than all else is awaited, and nothing is left open', async () => {
  const links: Link[] = [{ kind: 'delaysSome', ms: 700, concurrency: 1 }]
  const life = new Life(0, links, { now: EPOCH, pipelines: ['plain'], plain: chainOf('plain', links) })
  await life.live(Array.from({ length: 30 }, () => ({ do: 'push', values: [1] })))
  assertSettled(life.run)
  assert.equal(life.backend.stored().size, 30)
})

test('operators before exporters: whatever crashes when, nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(chain, steps, fc.integer(), async (links, steps, seed) => {
      const life = new Life(seed, links, { now: EPOCH, pipelines: ['plain'], plain: chainOf('plain', links) })
      await life.live(steps)
      assertSettled(life.run)
      const dead = await deadLetters(life.run)
      const stored = new Map([...life.backend.stored()].map(([key, value]) => [key.split('{')[0], value]))
      for (const [item, value] of life.acknowledged)
        assert.equal(stored.get(item) ?? dead.get(item), value, `${item} was acknowledged`)
      for (const item of stored.keys()) assert.ok(!dead.has(item) || mayBeBoth(links), `${item} is in both`)
    }),
    runs
  )
})
