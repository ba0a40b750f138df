import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Batch } from '../../../../core/batch/batch.ts'
import type { PointBlock } from '../../../../core/model/points.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { Component } from '../../../../core/pipeline/graph/component.ts'
import type { Services } from '../../../../core/pipeline/graph/services.ts'
import { WorkerPool } from '../../../../core/pipeline/workers/worker-pool.ts'
import { WorkerReceiver } from '../../../../core/pipeline/workers/worker-receiver.ts'
import { Registry } from '../../../../core/plugin/registry.ts'
import { systemClock } from '../../../../core/telemetry/clock.ts'
import { Log } from '../../../../core/telemetry/log.ts'
import { Metrics } from '../../../../core/telemetry/metrics.ts'
import { CHANNEL, type Command, type Told } from './commanded-receiver.ts'

const ENTRY = new URL('./worker-entry.ts', import.meta.url)
const PATIENCE_MS = 20_000
const POLL_MS = 5

interface Options {
  readonly config?: object
  readonly maxSeries?: number
  /** Settles each batch; by default it is acknowledged. */
  readonly downstream?: (batch: Batch) => void
}

/** Two workers with one receiver, in front of pipelines that the test is. */
class World {
  readonly log = new Log('warn')
  readonly metrics = new Metrics()
  readonly series: SeriesTable
  readonly pool: WorkerPool
  readonly component: Component
  readonly receiver: WorkerReceiver
  readonly received: Batch[] = []
  readonly told: Told[] = []
  readonly announced: string[] = []
  isCompleted = false
  #channel = new BroadcastChannel(CHANNEL)

  constructor(t: TestContext, { config = {}, maxSeries = 1000, downstream = batch => batch.ack() }: Options = {}) {
    this.series = new SeriesTable({ maxSeries })
    const { log, metrics, series } = this
    const limits = { in_flight: 10_000, series: 1000 }
    const registry = new Registry({ receiver: {}, processor: {}, exporter: {}, extension: {} })
    this.pool = new WorkerPool({
      ...{
        entry: ENTRY,
        workers: 2,
        limits,
        logLevel: 'warn',
        access: { authenticators: {} },
        tenantMemory: undefined,
        series,
        registry
      },
      ...{ clock: systemClock, log: log.logger }
    })
    const announcements = { push: (...all: { what: string }[]) => this.announced.push(...all.map(({ what }) => what)) }
    const services = { metrics, announcements, log: log.logger, clock: systemClock } as unknown as Services
    this.component = new Component('receiver', 'commanded', undefined, log.logger)
    const spec = { key: 0, id: 'commanded', type: 'commanded', config, source: undefined }
    this.receiver = new WorkerReceiver(spec, this.component, services, this.pool.threads)
    this.receiver.batches$.subscribe({
      next: batch => {
        this.received.push(batch)
        downstream(batch)
      },
      complete: () => (this.isCompleted = true)
    })
    this.#channel.onmessage = ({ data }: { data: Told | Command }) => 'outcome' in data && this.told.push(data)
    t.after(() => this.close())
  }

  static async started(t: TestContext, options: Options = {}): Promise<World> {
    const world = new World(t, options)
    await world.receiver.start()
    return world
  }

  /** A second receiver in the same workers, whose batches are acknowledged. */
  another(key: number): WorkerReceiver {
    const { logger } = this.log
    const services = {
      metrics: new Metrics(),
      announcements: [],
      log: logger,
      clock: systemClock
    } as unknown as Services
    const component = new Component('receiver', 'commanded/other', undefined, this.log.logger)
    const spec = { key, id: 'commanded/other', type: 'commanded', config: {}, source: undefined }
    const receiver = new WorkerReceiver(spec, component, services, this.pool.threads)
    receiver.batches$.subscribe(batch => batch.ack())
    return receiver
  }

  command(command: Command): void {
    this.#channel.postMessage(command)
  }

  /** Waits for the outcome of the next batch. */
  async send(thread: number, names: readonly string[], request?: string): Promise<Told['outcome']> {
    const before = this.told.length
    this.command({ thread, send: names, ...(request === undefined ? {} : { request }) })
    await until(() => this.told.length > before)
    return this.told[before].outcome
  }

  metric(name: string): number[] {
    return (
      this.metrics
        .values()
        .find(family => family.name === name)
        ?.values.map(({ value }) => value) ?? []
    )
  }

  names(i: number): unknown[] {
    return [...(this.received[i].block as PointBlock).series].map(({ attributes }) => attributes[0][1])
  }

  async close(): Promise<void> {
    this.#channel.close()
    await this.pool.close()
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!isSo()) {
    assert.ok(performance.now() < end, `waited in vain for ${isSo}`)
    await setTimeout(POLL_MS)
  }
}

test('batches of all workers come in one stream, and their outcomes go back', async t => {
  const outcomes = [
    (batch: Batch) => batch.ack(),
    (batch: Batch) => batch.nack(new Error('full')),
    (batch: Batch) => batch.drop('bad', 1)
  ]
  let turn = 0
  const world = await World.started(t, { downstream: batch => outcomes[turn++](batch) })
  assert.deepEqual(world.announced, ['commanded on 40001'], 'the first worker finds the port')
  assert.deepEqual([...world.receiver.ports], [['a', 40_001]])
  assert.deepEqual(await world.send(1, ['x', 'y'], 'r1'), { status: 'acked', text: '' })
  assert.deepEqual(await world.send(2, ['y']), { status: 'nacked', text: 'full' })
  assert.deepEqual(await world.send(2, ['z', 'x']), { status: 'dropped', text: '1 bad' })
  assert.deepEqual(
    [0, 1, 2].map(i => world.names(i)),
    [['x', 'y'], ['y'], ['z', 'x']]
  )
  assert.equal(world.series.size, 3, 'a series of both workers is one')
  assert.equal(world.received[0].origin.source, 'commanded')
  const { account } = world.component
  await until(() => account.received === 5 && account.inFlight === 0)
  assert.deepEqual([account.sent, account.refused, account.inFlight, account.imbalance], [4, 1, 0, 0])
  await until(() => world.metric('weir_receiver_commanded_blocks_total')[0] === 3)
  assert.equal(world.pool.credits.used, 0)
})

test('the request of a batch is asked for once a processor wants it', async t => {
  const world = await World.started(t)
  await world.send(1, ['x'], 'r1')
  assert.equal(world.received[0].origin.request, undefined)
  world.pool.wantRequests('bytes')
  // Told with the next outcome.
  await world.send(1, ['x'], 'r2')
  await world.send(1, ['x'], 'r3')
  assert.equal(world.received[2].origin.request?.(), 'r3')
})

test('points whose series have no room are dropped and counted, and their sender is told', async t => {
  const world = await World.started(t, { maxSeries: 1 })
  assert.deepEqual(await world.send(1, ['x', 'y']), { status: 'dropped', text: '1 too_many_series' })
  assert.deepEqual(await world.send(1, ['y']), { status: 'dropped', text: '1 too_many_series' })
  assert.deepEqual(await world.send(2, ['x']), { status: 'acked', text: '' })
  assert.deepEqual(
    world.received.map((_, i) => world.names(i)),
    [['x'], ['x']]
  )
  const { account } = world.component
  await until(() => account.received === 4 && account.inFlight === 0)
  assert.deepEqual([account.sent, account.dropped.get('too_many_series'), account.imbalance], [2, 2, 0])
})

test('a receiver that cannot start in a worker says why', async t => {
  await assert.rejects(World.started(t, { config: { refuses: true } }), /it does not want to/)
})

test('a receiver that has reports cannot run in workers', async t => {
  await assert.rejects(World.started(t, { config: { reports: true } }), /commanded uses context.admin, .* leave out/)
})

test('a receiver that takes part in checkpoints cannot run in workers', async t => {
  await assert.rejects(World.started(t, { config: { snapshots: true } }), /commanded takes part in checkpoints/)
})

test('a stop completes the stream once all workers have, and sends what they still had', async t => {
  const waiting: Batch[] = []
  const world = await World.started(t, { downstream: batch => waiting.push(batch) })
  world.command({ thread: 2, send: ['x'] })
  await until(() => waiting.length === 1)
  const stopped = world.receiver.stop(AbortSignal.timeout(PATIENCE_MS))
  await until(() => world.isCompleted)
  waiting[0].ack()
  await stopped
  await until(() => world.told.length === 1)
  const { account } = world.component
  await until(() => account.inFlight === 0)
  assert.equal(account.sent, 1)
})

test('log and status of a worker are those of the process', async t => {
  const world = await World.started(t)
  world.command({ thread: 2, warn: 'something is odd', status: 'degraded' })
  await until(() => world.log.problems.length > 0)
  const { level, component, message, details } = world.log.problems[0]
  assert.deepEqual([level, component, message, details], ['warn', 'receiver commanded', 'something is odd', 'thread=2'])
  await until(() => world.component.state === 'degraded')
  assert.equal(world.component.reason, 'as told')
  world.command({ thread: 2, status: 'ok' })
  await until(() => world.component.state === 'ok')
})

test('a worker that ends is started anew: nothing of it is in flight, and all that it counted stays counted', async t => {
  const waiting: Batch[] = []
  const world = await World.started(t, {
    downstream: batch => (waiting.length < 1 ? waiting.push(batch) : batch.ack())
  })
  const { account } = world.component
  world.command({ thread: 1, send: ['x', 'y'] })
  await until(() => account.inFlight === 2 && world.pool.credits.used > 0)
  await world.send(2, ['z'])
  world.command({ thread: 1, die: true })
  await until(() => world.component.state === 'degraded')
  assert.equal(world.pool.credits.used, 0, 'credits come back')
  assert.deepEqual([account.inFlight, account.refused, account.imbalance], [0, 2, 0])
  waiting[0].ack()
  await until(() => world.component.state === 'ok')
  assert.deepEqual(await world.send(1, ['y', 'w']), { status: 'acked', text: '' })
  assert.deepEqual(world.names(2), ['y', 'w'], 'series are told anew')
  await until(() => account.received === 5 && account.inFlight === 0)
  assert.deepEqual([account.sent, account.refused, account.imbalance], [3, 2, 0])
  await until(() => world.metric('weir_receiver_commanded_blocks_total')[0] === 3)
  assert.deepEqual(
    world.told.map(({ thread }) => thread),
    [2, 1],
    'the new worker hears nothing of the old batch'
  )
  assert.match(world.log.problems.map(({ message }) => message).join(), /a worker ended.*: as told/)
})

test('a worker that ends while its receiver stops does not hold the stop up', async t => {
  const world = await World.started(t, { downstream: () => {} })
  world.command({ thread: 1, send: ['x'] })
  await until(() => world.received.length === 1)
  world.command({ thread: 1, die: true })
  await world.receiver.stop(AbortSignal.timeout(PATIENCE_MS)).catch(() => {})
  await until(() => world.isCompleted)
})

test('regression: a receiver that started while its worker was away ran in it twice', async t => {
  const world = await World.started(t)
  world.command({ thread: 1, die: true })
  await until(() => world.component.state === 'degraded')
  const other = world.another(1)
  await other.start()
  await until(() => world.component.state === 'ok')
  world.command({ thread: 1, send: ['x'] })
  await until(() => world.told.length >= 2)
  await world.send(2, ['y'])
  assert.equal(world.received.length, 2, 'one of each worker')
  await other.stop(AbortSignal.timeout(PATIENCE_MS))
  await world.receiver.stop(AbortSignal.timeout(PATIENCE_MS))
})
