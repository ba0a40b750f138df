import assert from 'node:assert/strict'
import { test } from 'node:test'
import pino from 'pino'
import { Subject } from 'rxjs'
import type { Batch } from '../../../../core/batch/batch.ts'
import type { ResolvedConfig } from '../../../../core/config/resolved.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { Reloader } from '../../../../core/pipeline/reload/reloader.ts'
import { type BuiltService, buildService } from '../../../../core/pipeline/service/build.ts'
import { Runner } from '../../../../core/pipeline/service/lifecycle.ts'
import { NO_ACCESS } from '../../../../core/plugin/access.ts'
import type { Context } from '../../../../core/plugin/context.ts'
import { Metrics } from '../../../../core/telemetry/metrics.ts'
import { FakeClock } from '../../../../sdk/plugin/testing.ts'
import { configOf, type RunOptions } from '../journaled-config.ts'
import { EPOCH, turns } from '../journaled-run.ts'

const COUNTER = { windows: ['200ms'], output: ['delta'], allowed_lateness: '100ms', idle_timeout: '300ms' }
const METRIC = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const POINT_BYTES = 33
/** Real time. */
const LONGEST_RELOAD_MS = 5000

/** A Weir without a journal, its sender and its backend. */
class MemoryWeir {
  readonly stored: number[] = []
  isUp = false
  delivery!: BuiltService
  #counter: Record<string, unknown>
  #clock = new FakeClock(EPOCH)
  #series = new SeriesTable()
  #batches = new Subject<Batch>()
  #receiver!: Context
  #reloader!: Reloader
  #plugins = {
    receiver: {
      ports: { out: 'any' },
      create: (_: unknown, context: Context) => {
        this.#receiver = context
        return { batches$: this.#batches }
      }
    },
    exporters: [
      ['backend', { ports: { in: 'any' }, create: () => ({ export: (block: PointBlock) => this.#export(block) }) }]
    ] as const
  }

  constructor(counter: Record<string, unknown> = COUNTER) {
    this.#counter = counter
  }

  async start(): Promise<void> {
    const log = pino({ level: 'silent' })
    const shared = { log, clock: this.#clock, series: this.#series, metrics: new Metrics(), routes: new Map() }
    const base = { ...shared, access: NO_ACCESS, announcements: [], adminUrl: '', requestsWanted: new Set<never>() }
    this.delivery = await buildService(this.#config(), base as never, false, undefined as never)
    const { topology, ingress } = this.delivery
    const runner = new Runner(topology, {
      log,
      clock: this.#clock,
      ingress,
      stateBackend: undefined,
      startupTimeoutMs: 5000
    })
    await runner.start(new AbortController().signal)
    this.#reloader = new Reloader(this.delivery, runner)
  }

  push(value: number): void {
    const builder = new PointBlockBuilder()
    builder.add(this.#series.intern(METRIC, []), this.#clock.now(), value)
    this.#batches.next(this.#receiver.batch(builder.build(), this.#receiver.credits.tryTake(POINT_BYTES)!))
  }

  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 20) {
      this.#clock.advance(20)
      await turns(2)
    }
  }

  /** Resolves to what became of it, or to why it failed. */
  async reload(change: Partial<RunOptions>): Promise<unknown> {
    let outcome: unknown
    this.#reloader.reload(this.#config(change)).then(
      changes => (outcome = changes),
      error => (outcome = error)
    )
    const begun = performance.now()
    while (outcome === undefined && performance.now() - begun < LONGEST_RELOAD_MS) await this.pass(20)
    return outcome
  }

  #config(change: Partial<RunOptions> = {}): ResolvedConfig {
    const config = configOf(
      { now: EPOCH, counter: this.#counter, queueBytes: 30, shutdownMs: 200, ...change },
      this.#plugins
    )
    const service = { ...config.service, limits: { in_flight: 1 << 20, output: 1 << 20 }, dead_letters: {} }
    return { ...config, service: service as never }
  }

  async #export({ value }: PointBlock): Promise<void> {
    if (!this.isUp) throw new Error('not now')
    this.stored.push(...value)
  }
}

test('regression: in memory, a reload that could not send the state of a processor in time lost it', async () => {
  const weir = new MemoryWeir()
  await weir.start()
  for (const value of [1, 10, 100]) {
    weir.push(value)
    await weir.pass(120)
  }
  // The first of their windows fills the queue.
  await weir.pass(1000)
  const outcome = await weir.reload({ pipelines: ['plain'] })
  assert.match(String(outcome), /exporters are too far behind: processors cannot emit the data they hold$/)
  weir.isUp = true
  await weir.pass(3000)
  weir.push(1000)
  await weir.pass(5000)
  const sum = weir.stored.reduce((sum, value) => sum + value, 0)
  assert.equal(sum, 1111, String(weir.stored))
  for (const { account } of weir.delivery.components) assert.equal(account.imbalance, 0)
})

for (const [what, isUp, isReloaded, want] of [
  ['sends what it holds, and the other goes on', true, /state kept/, 1222],
  ['could not send it in time, both go on', false, /exporters are too far behind/, 2222]
] as const)
  test(`in memory, where one of two rules is taken out and ${what}`, async () => {
    const weir = new MemoryWeir({ ...COUNTER, rules: [{}, { name: 'x.{name}' }] })
    await weir.start()
    weir.isUp = isUp
    for (const value of [1, 10, 100]) {
      weir.push(value)
      await weir.pass(120)
    }
    const outcome = await weir.reload({ counter: { ...COUNTER, rules: [{}] } })
    assert.match(isUp ? JSON.stringify(outcome) : String(outcome), isReloaded)
    weir.isUp = true
    await weir.pass(3000)
    weir.push(1000)
    await weir.pass(5000)
    const sum = weir.stored.reduce((sum, value) => sum + value, 0)
    assert.equal(sum, want, String(weir.stored))
    for (const { account } of weir.delivery.components) assert.equal(account.imbalance, 0)
  })
