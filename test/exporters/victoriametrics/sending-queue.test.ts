import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Outcome } from '../../../core/batch/batch.ts'
import type { SendingQueueConfig } from '../../../core/config/exporter-options.ts'
import { DiskBuffer } from '../../../core/pipeline/sending-queue/disk-buffer.ts'
import { SendingQueue } from '../../../core/pipeline/sending-queue/sending-queue.ts'
import { Edges } from '../../../core/telemetry/edge.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { type PointBlock, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { SimulatedDisk } from '../../core/journal/simulated-disk.ts'
import { startBackend, writeRequestOf } from './backend.ts'

const MOST_TURNS = 100_000
const ONE_SAMPLE_A_REQUEST = { max_samples_per_request: 1 }
const QUEUE: SendingQueueConfig = {
  timeout: 1 << 30,
  retry: { initial_interval: 100, max_interval: 1000, max_elapsed_time: 0 },
  queue: { max_size: 1 << 20, max_batch: 100, disk_size: 1 << 20, order: 'oldest_first' }
}

/** A backend that has `taken` requests by the name of their series, and answers 503 while it is not well. */
async function backend(t: TestContext, isWell: (name: string) => boolean) {
  const taken: string[] = []
  const endpoint = await startBackend(t, async (request, response) => {
    const { series } = await writeRequestOf(request)
    // A probe has none.
    const name = series.length === 0 ? 'probe' : series[0].labels[0][1]
    const isTaken = isWell(name)
    if (isTaken && name !== 'probe') taken.push(name)
    response.writeHead(isTaken ? 204 : 503).end()
  })
  return { taken, endpoint }
}

async function queueTo(endpoint: string, order: SendingQueueConfig['queue']['order'], disk?: SimulatedDisk) {
  const context = testContext()
  const { clock, series } = context
  const exporter = plugin.create(testConfig(plugin, { endpoint, target_info: false, ...ONE_SAMPLE_A_REQUEST }), context)
  const sendingQueue = new SendingQueue(
    exporter,
    { ...QUEUE, queue: { ...QUEUE.queue, order } },
    { ...context, deadLetters: undefined, edges: new Edges() }
  )
  const block = (name: string): PointBlock => {
    const points = new PointBlockBuilder()
    const metric = { name, unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
    points.add(series.intern(metric, []), clock.now(), 1)
    return points.build()
  }
  /** Real requests take real turns; the sending queue's pauses are over at once. */
  const until = async (isReached: () => boolean) => {
    for (let turns = 0; !isReached(); turns++) {
      assert.ok(turns < MOST_TURNS, 'it does not come to that')
      clock.advance(10)
      await new Promise(setImmediate)
    }
  }
  if (disk !== undefined) {
    let diskBuffer: DiskBuffer | undefined
    const options = { disk, folder: '/queue', clock, series, maxBytes: 1 << 20, position: { next: 0, end: 0 } }
    void DiskBuffer.open(options).then(opened => (diskBuffer = opened))
    await until(() => diskBuffer !== undefined)
    sendingQueue.useDiskBuffer(diskBuffer!)
  }
  sendingQueue.start()
  const push = (name: string): Promise<Outcome> => {
    const { batch, settled } = testBatch(block(name))
    sendingQueue.push(batch)
    return settled
  }
  return { sendingQueue, push, until }
}

for (const [where, order] of [
  ['in memory', 'oldest_first'],
  ['read back from disk', 'oldest_first'],
  ['read back from disk, in turns with what is fresh,', 'any']
] as const)
  test(`regression: batches ${where} and joined were sent from the first request on, each time one failed`, async t => {
    let outage = false
    let refusals = 0
    const { taken, endpoint } = await backend(t, name => {
      const isWell = !outage && (name !== 'c' || refusals >= 9)
      if (!isWell) refusals++
      return isWell
    })
    const isOnDisk = where !== 'in memory'
    const { sendingQueue, push, until } = await queueTo(endpoint, order, isOnDisk ? new SimulatedDisk() : undefined)
    outage = isOnDisk
    const outcomes = ['a', 'b', 'c'].map(push)
    if (isOnDisk) {
      sendingQueue.overflowToDisk()
      await until(() => sendingQueue.position!.end === 3)
      refusals = 0
      outage = false
    }
    await until(() => refusals === 2)
    // It comes while the others are tried again, and must not make another block of them.
    outcomes.push(push('d'))
    await until(() => sendingQueue.isIdle)
    assert.deepEqual(taken.toSorted(), ['a', 'b', 'c', 'd'])
    if (order === 'oldest_first') assert.deepEqual(taken, ['a', 'b', 'c', 'd'])
    const statuses = (await Promise.all(outcomes)).map(({ status }) => status)
    assert.deepEqual(statuses, Array(4).fill('acked'))
  })
