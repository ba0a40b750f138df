import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Outcome } from '../../../../core/batch/batch.ts'
import type { SendingQueueConfig } from '../../../../core/config/exporter-options.ts'
import { SendingQueue } from '../../../../core/pipeline/sending-queue/sending-queue.ts'
import { Edges } from '../../../../core/telemetry/edge.ts'
import { type Block, ExportError, NO_ATTRIBUTES, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { type TestContext, testBatch, testContext } from '../../../../sdk/plugin/testing.ts'

const CONFIG: SendingQueueConfig = {
  timeout: 1000,
  retry: { initial_interval: 100, max_interval: 1000, max_elapsed_time: 0 },
  queue: { max_size: 1000, max_batch: 10, disk_size: 0, order: 'oldest_first' }
}
const NEVER = new AbortController().signal

let context: TestContext
let edges: Edges
let exported: number[]
let answer: (block: Block, signal: AbortSignal) => Promise<void>

function sendingQueue(
  config: Partial<SendingQueueConfig> = {},
  requestsIn?: (block: Block) => Iterable<string>
): SendingQueue {
  const exporter = {
    ...(requestsIn && { requestsIn }),
    async export(block: Block, signal: AbortSignal) {
      await answer(block, signal)
      exported.push(...(block.type === 'points' ? block.value : []))
    }
  }
  const made = new SendingQueue(exporter, { ...CONFIG, ...config }, { ...context, deadLetters: undefined, edges })
  made.start()
  return made
}

function push(to: SendingQueue, ...values: number[]): Promise<Outcome> {
  const builder = new PointBlockBuilder()
  const metric = { name: 'm', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  for (const value of values) builder.add(context.series.intern(metric, NO_ATTRIBUTES), 0, value)
  const { batch, settled } = testBatch(builder.build())
  to.push(batch)
  return settled
}

/** Lets promises run while time moves on. */
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < 20; i++) {
    context.clock.advance(ms / 20)
    await new Promise(setImmediate)
  }
}

describe('sending queue', () => {
  beforeEach(() => {
    context = testContext()
    edges = new Edges()
    exported = []
    answer = async () => {}
  })

  it('acknowledges the batches the backend has, in order, joining waiting ones', async () => {
    const calls: number[] = []
    answer = async block => void calls.push(block.length)
    const to = sendingQueue()
    const outcomes = await Promise.all([push(to, 1, 2), push(to, 3, 4, 5), push(to, 6, 7, 8, 9), push(to, 10, 11)])
    assert.deepEqual(new Set(outcomes.map(outcome => outcome.status)), new Set(['acked']))
    assert.deepEqual(exported, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    assert.deepEqual(calls, [9, 2], 'max_batch is 10')
    assert.equal(context.account.sent, 11)
    assert.equal(context.account.imbalance, 0)
  })

  it('joins no blocks with items of the same request', async () => {
    const calls: number[] = []
    answer = async block => void calls.push(block.length)
    const to = sendingQueue({}, block => [...block.value].map(value => `request ${value}`))
    await Promise.all([push(to, 0), push(to, 1, 2), push(to, 3), push(to, 2), push(to, 4), push(to, 3)])
    assert.deepEqual(exported, [0, 1, 2, 3, 2, 4, 3])
    assert.deepEqual(calls, [4, 3])
  })

  it('knows how long the oldest batch has waited', async () => {
    let isThere = false
    answer = async () => {
      if (!isThere) throw new Error('connection refused')
    }
    const to = sendingQueue()
    assert.equal(to.oldest, undefined)
    const began = context.clock.now()
    const first = push(to, 1)
    await pass(400)
    const second = push(to, 2)
    assert.equal(to.oldest, began)
    isThere = true
    await pass(5000)
    await Promise.all([first, second])
    assert.equal(to.oldest, undefined)
  })

  it('shows what comes, and what the backend has taken', async () => {
    const seen: string[] = []
    const watch = (name: 'received' | 'sent') =>
      edges[name].watch({ passed: block => void seen.push(`${name} ${[...block.time]}`), ended() {} })
    watch('received')
    watch('sent')
    answer = async block => {
      if (block.type === 'points' && block.value.includes(13)) throw new ExportError('13', { retryable: false })
    }
    const to = sendingQueue()
    await push(to, 1, 2)
    const refused = push(to, 13)
    await pass(500)
    assert.deepEqual(await refused, { status: 'dropped', items: 1, reason: 'rejected' })
    assert.deepEqual(seen, ['received 0,0', 'sent 0,0', 'received 0'])
    const some = push(to, 1, 13, 2, 3)
    await pass(500)
    assert.deepEqual(await some, { status: 'dropped', items: 1, reason: 'rejected' })
    assert.deepEqual(seen.slice(3), ['received 0,0,0,0', 'sent 0,0,0'])
  })

  it('retries until it succeeds, degraded meanwhile', async () => {
    let tries = 0
    answer = async () => {
      if (++tries <= 3) throw new Error('connection refused')
    }
    const to = sendingQueue()
    const settled = push(to, 1)
    await pass(50)
    assert.deepEqual(context.state, { state: 'degraded', reason: 'connection refused' })
    await pass(5000)
    assert.equal((await settled).status, 'acked')
    assert.equal(context.state.state, 'ok')
    assert.equal(tries, 4)
  })

  it('honours Retry-After', async () => {
    const at: number[] = []
    answer = async () => {
      at.push(context.clock.now())
      if (at.length === 1) throw new ExportError('slow down', { retryable: true, retryAfterMs: 3000 })
    }
    const settled = push(sendingQueue(), 1)
    await pass(10_000)
    await settled
    assert.ok(at[1] - at[0] >= 3000)
  })

  it('an attempt that hangs is cut off and tried again', async () => {
    let tries = 0
    answer = (_, signal) =>
      ++tries > 1
        ? Promise.resolve()
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const settled = push(sendingQueue(), 1)
    await pass(5000)
    assert.equal((await settled).status, 'acked')
    assert.equal(tries, 2)
  })

  it('drops items that are refused for good, and only those', async () => {
    answer = async block => {
      if (block.type === 'points' && block.value.includes(13))
        throw new ExportError('no', { retryable: false, reason: 'rejected_by_backend' })
    }
    const to = sendingQueue()
    const [good, bad, alsoGood] = await Promise.all([push(to, 1), push(to, 13), push(to, 2)])
    assert.deepEqual([good.status, alsoGood.status], ['acked', 'acked'])
    assert.deepEqual(bad, { status: 'dropped', items: 1, reason: 'rejected_by_backend' })
    assert.equal(context.account.dropped.get('rejected_by_backend'), 1)
    assert.equal(context.account.imbalance, 0)
  })

  it('gives up after max_elapsed_time, and counts it', async () => {
    answer = async () => {
      throw new Error('down')
    }
    const settled = push(sendingQueue({ retry: { ...CONFIG.retry, max_elapsed_time: 5000 } }), 1)
    await pass(20_000)
    assert.deepEqual(await settled, { status: 'dropped', items: 1, reason: 'retries_exhausted' })
  })

  it('has room until its queue is full', async () => {
    answer = () => new Promise(() => {})
    const to = sendingQueue({ queue: { ...CONFIG.queue, max_size: 100 } })
    assert.ok(to.hasRoom())
    push(to, 1, 2, 3, 4)
    assert.ok(!to.hasRoom())
  })

  it('on close exports waiting batches, and nacks those left at the deadline', async () => {
    const to = sendingQueue()
    const done = push(to, 1)
    await to.close(NEVER)
    assert.equal((await done).status, 'acked')

    answer = async () => {
      throw new Error('down')
    }
    const stuck = sendingQueue()
    const outcomes = [push(stuck, 1), push(stuck, 2)]
    await pass(100)
    const deadline = new AbortController()
    const closed = stuck.close(deadline.signal)
    deadline.abort()
    await closed
    assert.deepEqual(
      (await Promise.all(outcomes)).map(outcome => outcome.status),
      ['nacked', 'nacked']
    )
    assert.equal(context.account.imbalance, 0)
  })

  it('regression: closed among joined batches tried alone, it waited for an exporter without end', async () => {
    const deadline = new AbortController()
    let tries = 0
    answer = async block => {
      if (++tries === 1) throw new Error('down')
      if (block.length > 1) throw new ExportError('bad', { retryable: false })
      if (deadline.signal.aborted) await new Promise(() => {})
      deadline.abort()
    }
    const to = sendingQueue()
    const outcomes = [push(to, 1), push(to, 2), push(to, 3), push(to, 4)]
    const closed = to.close(deadline.signal)
    await pass(1000)
    await closed
    const statuses = (await Promise.all(outcomes)).map(outcome => outcome.status)
    assert.equal(statuses.at(-1), 'nacked')
    assert.equal(context.account.imbalance, 0)
  })
})
