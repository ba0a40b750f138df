import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ProcessorPlugin } from '../../../../core/plugin/contract.ts'
import { randomFrom, SimulatedDisk } from '../../journal/simulated-disk.ts'
import type { RunOptions } from '../journaled-config.ts'
import { EPOCH, JournaledRun } from '../journaled-run.ts'
import { TestBackend } from '../journaled-world.ts'

const LAST_MS = 12_000
/** What the second of two rules sends. It comes and goes, and has been changed; the first stays as it is. */
const SECOND = 'second.'

type SecondRule = 'there' | 'changed' | 'gone'

type Step =
  | { readonly do: 'push'; readonly points: readonly { series: string; ago: number; value: number }[] }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'backend'; readonly which: 0 | 1; readonly state: TestBackend['state'] }
  | { readonly do: 'crash'; readonly lateness: string; readonly second: SecondRule }
  | { readonly do: 'stop'; readonly timeout: number; readonly lateness: string; readonly second: SecondRule }
  | {
      readonly do: 'reload'
      readonly lateness: string
      readonly second: SecondRule
      readonly fails: boolean
      readonly maxBatch: number
      readonly hasOther: boolean
      readonly crashAfter?: number
    }

const lateness = fc.constantFrom('100ms', '300ms', '1s')
const second = fc.constantFrom<SecondRule>('there', 'changed', 'gone')
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      points: fc.array(
        fc.record({
          series: fc.constantFrom('a', 'b', 'c'),
          ago: fc.integer({ min: -900, max: 1500 }),
          value: fc.constantFrom(1, 3, 1000)
        }),
        { minLength: 1, maxLength: 5 }
      )
    })
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 900 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('backend' as const),
      which: fc.constantFrom(0 as const, 1 as const),
      state: fc.constantFrom('up', 'down', 'refusing', 'mute')
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), lateness, second }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('stop' as const),
      timeout: fc.integer({ min: 0, max: 600 }),
      lateness,
      second
    })
  },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        do: fc.constant('reload' as const),
        lateness,
        second,
        fails: fc.boolean(),
        maxBatch: fc.constantFrom(5, 7),
        hasOther: fc.boolean(),
        crashAfter: fc.integer({ min: 0, max: 1500 })
      },
      { requiredKeys: ['do', 'lateness', 'second', 'fails', 'maxBatch', 'hasOther'] }
    )
  }
)

/** One Weir after the other on one disk, with two backends. */
class World {
  readonly backends = [new TestBackend(), new TestBackend()]
  acknowledged = 0
  pushed = 0
  run!: JournaledRun
  #disk: SimulatedDisk
  #options: RunOptions

  constructor(seed: number, queueBytes: number) {
    this.#disk = new SimulatedDisk(randomFrom(seed))
    this.#options = { now: EPOCH, queueBytes, counter: counterOf('100ms', 'there'), others: this.#others(true) }
  }

  async begin(change: Partial<RunOptions> = {}): Promise<void> {
    this.#options = { ...this.#options, ...change, now: this.run?.clock.now() ?? EPOCH }
    this.run = await JournaledRun.start(this.#disk, this.backends[0], this.#options)
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'push') this.#push(step)
    else if (step.do === 'wait') await this.run.advance(step.ms)
    else if (step.do === 'backend') this.backends[step.which].state = step.state
    else if (step.do === 'reload') await this.#reload(step)
    else {
      if (step.do === 'crash') this.run.crash()
      else await this.run.stop(step.timeout)
      await this.begin({ counter: counterOf(step.lateness, step.second), others: this.#others(true) })
    }
  }

  #others(hasOther: boolean): Record<string, TestBackend> {
    return hasOther ? { other: this.backends[1] } : {}
  }

  #push({ points }: Extract<Step, { do: 'push' }>): void {
    const now = this.run.clock.now()
    const worth = points.reduce((sum, { value }) => sum + value, 0)
    this.pushed += worth
    void this.run.push(points.map(({ ago, ...point }) => ({ ...point, time: now - ago }))).then(status => {
      if (status === 'acked') this.acknowledged += worth
    })
  }

  async #reload(step: Extract<Step, { do: 'reload' }>): Promise<void> {
    const { lateness, second, maxBatch, hasOther, fails, crashAfter } = step
    const counter = counterOf(lateness, second)
    const change = { counter, sendingQueue: { max_batch: maxBatch }, others: this.#others(hasOther) }
    const done: Promise<Partial<RunOptions>> = this.run.reload({ ...change, ...(fails && { extra: BROKEN }) }).then(
      () => change,
      error => {
        assert.match(String(error), REFUSALS)
        return {}
      }
    )
    if (crashAfter === undefined) this.#options = { ...this.#options, ...(await done) }
    else {
      await this.run.advance(crashAfter)
      this.run.crash()
      await this.begin({ ...change, others: this.#others(true) })
    }
  }
}

/** Where the second rule was changed, it cannot use the state it had. */
function counterOf(allowed_lateness: string, second: SecondRule) {
  const other = { name: `${SECOND}{name}`, windows: second === 'changed' ? ['200ms', '600ms'] : ['200ms', '1s'] }
  const rules = second === 'gone' ? [{}] : second === 'changed' ? [other, {}] : [{}, other]
  return { windows: ['200ms', '1s'], allowed_lateness, idle_timeout: '300ms', max_future_skew: '1s', rules }
}

const BROKEN = {
  kind: 'processor',
  type: 'extra',
  ports: { in: 'any', out: 'any' },
  create: () => ({ process: (block: unknown) => block, start: () => Promise.reject(new Error('no')) })
} as never as ProcessorPlugin

/** What reloads here may fail for. */
const REFUSALS =
  /processor extra in counts could not start: no$|exporters are too far behind|no checkpoint could be taken/

const isOfFirst = (key: string) => !key.startsWith(SECOND)

/** What the smallest windows and the late series beside them add up to: all that was counted. */
function sumOf(sent: Iterable<readonly [key: string, value: number]>): number {
  let sum = 0
  for (const [key, value] of sent) if (key.includes('window=200ms') && !key.includes('_total')) sum += value
  return sum
}

test('any reload at any time, and crashes meanwhile: acknowledged data counts once, with one value', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }),
      fc.integer(),
      fc.constantFrom(200, 1 << 20),
      async (steps, seed, queueBytes) => {
        const world = new World(seed, queueBytes)
        await world.begin()
        for (const step of steps) await world.take(step)
        for (const backend of world.backends) backend.state = 'up'
        await world.run.advance(LAST_MS)
        for (const { component } of world.run.topology.exporters) assert.equal(component.account.imbalance, 0)
        assert.equal(world.run.component.account.imbalance, 0)
        assert.equal(await world.run.stop(2000), true)
        const [first, second] = world.backends.map(backend => backend.stored(isOfFirst))
        const counted = sumOf(first)
        assert.ok(counted >= world.acknowledged, `${counted} of ${world.acknowledged} acknowledged`)
        assert.ok(counted <= world.pushed, `${counted} of ${world.pushed} pushed`)
        for (const [key, value] of second) assert.equal(first.get(key), value, key)
        if (!steps.some(step => step.do === 'reload' && !step.hasOther)) assert.equal(second.size, first.size)
      }
    ),
    { numRuns: Number(process.env.RUNS ?? 20), endOnFailure: process.env.QUICK !== undefined, timeout: 20_000 }
  )
})

/** Nothing comes twice here: no crash, and backends that say what they have. */
const calm = step.filter(
  step => !['crash', 'stop'].includes(step.do) && !('crashAfter' in step) && !('state' in step && step.state === 'mute')
)

test('the output of rules that leave in a reload, or fail to, counts once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(calm, { minLength: 5, maxLength: 20, size: 'max' }),
      fc.integer(),
      async (steps, seed) => {
        const world = new World(seed, 1 << 20)
        await world.begin()
        for (const step of steps) await world.take(step)
        for (const backend of world.backends) backend.state = 'up'
        await world.run.advance(LAST_MS)
        assert.equal(world.acknowledged, world.pushed)
        for (const { processors } of world.run.topology.pipelines)
          for (const { component } of processors) assert.equal(component.account.imbalance, 0)
        const counted = sumOf(world.backends[0].sent.filter(([key]) => !isOfFirst(key)))
        const wasGone = steps.some(step => step.do === 'reload' && step.second === 'gone')
        if (wasGone) assert.ok(counted <= world.pushed, `${counted} of ${world.pushed}`)
        else assert.equal(counted, world.pushed)
      }
    ),
    { numRuns: Number(process.env.RUNS ?? 20), endOnFailure: process.env.QUICK !== undefined, timeout: 20_000 }
  )
})
