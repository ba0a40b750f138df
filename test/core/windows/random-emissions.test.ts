import assert from 'node:assert/strict'
import { after, before, describe, it, mock } from 'node:test'
import { runThrough } from '../../../core/model/stepwise.ts'
import { WindowEngine } from '../../../core/windows/engine.ts'
import type { LatePolicy, WindowSettings } from '../../../core/windows/settings.ts'
import type { Batch } from '../../../sdk/plugin/index.ts'
import { testBatch, testContext } from '../../../sdk/plugin/testing.ts'
import { randomNumbers } from '../../random-numbers.ts'
import { ruleOf, settingsOf, type TestPoint, tumbling, WindowHarness } from './harness.ts'

const SEEDS = 4
const ROUNDS = 60
/** Seconds after the epoch, before which no point is. */
const BEGIN = 600
/** Seconds after which all windows have been emitted. */
const END = 300
const SIZES = [tumbling(10_000), tumbling(60_000), { sizeMs: 30_000, everyMs: 10_000 }]
/** Seconds that points are late by: some are on time, some too late to amend anything. */
const AGES = [0, 1, 4, 9, 12, 14, 21, 35, 65, 101, 105, 130, 500]
/** More than an emission does in one step. */
const MANY = 700
/** With these, `performance.now()` says that each step took long. */
const STEP_MS = 100

interface Options {
  readonly late: LatePolicy
  /** Only one block at a time finds room behind the processor. */
  readonly blocks?: boolean
  readonly expires?: boolean
  /** Nothing but increments of 1. */
  readonly isPlain?: boolean
}

/** An engine that takes steps when told to, and is now and then another one that was restored. */
class Run {
  readonly outputs: string[] = []
  /** Of the smallest windows, as amended last. */
  readonly deltas = new Map<string, number>()
  readonly dropped: Record<string, number> = {}
  sent = 0
  forwarded = 0
  turns = 0
  imbalance = 0
  now = BEGIN
  #settings: WindowSettings
  #blocks: boolean
  #engine!: WindowHarness
  #steps: (() => boolean)[] = []
  #held: Batch[] = []

  constructor(settings: WindowSettings, blocks: boolean) {
    this.#settings = settings
    this.#blocks = blocks
  }

  async begin(state?: Uint8Array): Promise<void> {
    const context = testContext('windows')
    const engine = new WindowHarness(() => new WindowEngine(this.#settings, context), context)
    this.#steps = []
    context.inSteps = step => void this.#steps.push(step)
    engine.advanceTo(this.now)
    if (state !== undefined) engine.processor.restore!(state)
    const { outputBudget } = context
    engine.onBatch = batch => {
      if (this.#blocks) this.#held.push(batch)
      else batch.ack()
    }
    const tryTake = outputBudget.tryTake.bind(outputBudget)
    outputBudget.tryTake = bytes => (this.#held.length > 0 ? undefined : tryTake(bytes))
    this.#engine = await engine.start()
  }

  /** @param most of the steps that are left */
  step(most = Number.POSITIVE_INFINITY): void {
    for (let left = most; left > 0 && this.#steps.length > 0; left--) {
      this.#steps = this.#steps.filter(step => step())
      this.turns++
    }
  }

  advance(seconds: number): void {
    this.now += seconds
    this.#engine.advanceTo(this.now)
  }

  push(points: readonly TestPoint[]): void {
    this.sent += points.length
    this.#engine.host.push(testBatch(this.#engine.block(points)).batch)
  }

  release(): void {
    for (const batch of this.#held.splice(0)) batch.ack()
  }

  async restart(): Promise<void> {
    const { processor } = this.#engine
    const state = runThrough(processor.snapshotInSteps!())
    await processor.stop!(AbortSignal.abort())
    this.release()
    this.#collect()
    await this.begin(state)
  }

  /** Until all has been emitted. */
  end(): void {
    this.#blocks = false
    this.release()
    for (const end = this.now + END; this.now < end; this.advance(1)) this.step()
    this.#collect()
  }

  #collect(): void {
    const { outputs, dropped, context } = this.#engine
    for (const { series, at, value } of outputs) {
      this.outputs.push(`${series} ${at} ${value}`)
      if (series.includes('window=10s')) this.deltas.set(`${series} ${at}`, value)
      else if (series.includes('late=true') && !series.includes('window=')) this.forwarded += value
    }
    for (const [reason, items] of Object.entries(dropped)) this.dropped[reason] = (this.dropped[reason] ?? 0) + items
    this.imbalance += Math.abs(context.account.imbalance)
  }
}

function pointsAt(now: number, random: () => number, isPlain: boolean): TestPoint[] {
  const below = (end: number) => Math.floor(random() * end)
  const isLarge = random() < 0.1
  return Array.from({ length: isLarge ? MANY : 1 + below(6) }, (_, i) => {
    const at = now - AGES[below(AGES.length)] - random()
    const group = isLarge ? i : below(12)
    const attributes = { i: `${group}`, j: `${group % 3}` }
    if (isPlain || random() < 0.6) return { at, name: 'hits', attributes }
    if (random() < 0.5) return { at, name: 'level', attributes, value: below(100), metric: { kind: 'gauge' } }
    const value = now * 10 + group
    return { at, name: 'up', attributes, value, start: 1, metric: { temporality: 'cumulative' } }
  })
}

/** @param comesBetween batches and snapshots come between the steps of emissions, or when these are done */
async function runOf(seed: number, comesBetween: boolean, options: Options): Promise<Run> {
  const { late, blocks = false, expires = false, isPlain = false } = options
  const random = randomNumbers(seed)
  const stepsOf = randomNumbers(seed + SEEDS)
  const rule = ruleOf({ windows: SIZES, late, amendMs: 100_000, gauges: ['last', 'max'] })
  const settings = settingsOf(...(isPlain ? [rule] : [rule, { ...rule, by: ['j'] }]))
  const run = new Run(expires ? { ...settings, maxStaleMs: 120_000 } : settings, blocks)
  const takeSteps = () => run.step(comesBetween ? Math.floor(stepsOf() * 4) : undefined)
  await run.begin()
  for (let round = 0; round < ROUNDS; round++) {
    const what = random()
    if (what < 0.9) takeSteps()
    if (what < 0.55) run.push(pointsAt(run.now, random, isPlain))
    else if (what < 0.6) await run.restart()
    else if (what < 0.9) {
      // A tick is without effect while an emission is under way: in both runs each has the same ticks.
      if (!blocks) run.step()
      run.advance(1 + Math.floor(random() * (expires && random() < 0.1 ? 200 : 12)))
    } else run.release()
  }
  run.end()
  assert.equal(run.imbalance, 0)
  return run
}

async function checkConserved(seed: number, options: Options): Promise<void> {
  const run = await runOf(seed, true, { ...options, isPlain: true })
  const { late = 0, ...others } = run.dropped
  assert.deepEqual(others, {})
  const counted = [...run.deltas.values()].reduce((a, b) => a + b, 0)
  assert.equal(counted + late + run.forwarded, run.sent, `seed ${seed}`)
}

describe('batches and snapshots between random steps of emissions', () => {
  before(() => {
    let now = 0
    mock.method(performance, 'now', () => (now += STEP_MS))
  })
  after(() => mock.restoreAll())

  for (const late of ['add', 'drop', 'amend', 'side_output'] as const) {
    it(`have the effect that they would have afterwards, late: ${late}`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const [during, afterwards] = [await runOf(seed, true, { late }), await runOf(seed, false, { late })]
        assert.deepEqual(during.outputs.toSorted(), afterwards.outputs.toSorted(), `seed ${seed}`)
        assert.deepEqual(during.dropped, afterwards.dropped, `seed ${seed}`)
        assert.ok(during.turns > ROUNDS, `${during.turns} turns`)
      }
    })

    it(`lose and double nothing if output is blocked, or groups expire, late: ${late}`, async () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        await checkConserved(seed, { late, blocks: true })
        await checkConserved(seed, { late, expires: true })
        await checkConserved(seed, { late, blocks: true, expires: true })
      }
    })
  }
})
