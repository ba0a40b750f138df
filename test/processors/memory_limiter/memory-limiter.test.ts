import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Config } from '../../../processors/memory_limiter/config.ts'
import plugin from '../../../processors/memory_limiter/index.ts'
import { MemoryLimiter } from '../../../processors/memory_limiter/limiter.ts'
import { processMemory } from '../../../processors/memory_limiter/memory.ts'
import { ProcessorHarness, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { parseItems } from '../../cases/items.ts'

const MIB = 2 ** 20

/** A limiter in a process whose memory the test sets, in MiB. */
async function assembled(config: Record<string, unknown>, freed = 0) {
  const context = testContext()
  const process = { rss: 0, heap: 0, collections: 0 }
  const memory = {
    rss: () => process.rss * MIB,
    heapUsed: () => process.heap * MIB,
    heapLimit: 1000 * MIB,
    collect() {
      process.collections++
      process.heap -= freed
      process.rss -= freed
    }
  }
  const limiter = new MemoryLimiter(testConfig(plugin, config) as Config, context, memory)
  const harness = new ProcessorHarness(limiter, context).open()
  await limiter.start()
  return {
    context,
    limiter,
    process,
    /** After the next look. */
    async send(): Promise<string> {
      context.clock.advance(1000)
      const { batch, settled } = testBatch(parseItems(['0s event a'], context.series))
      harness.push(batch)
      return (await settled).status
    }
  }
}

test('above a soft limit it refuses, below it lets pass', async () => {
  const { process, send, context } = await assembled({ max_rss: '100MiB', max_heap: '50MiB', soft_share: 0.9 })
  for (const [rss, heap, want, reason] of [
    [90, 45, 'acked', undefined],
    [91, 45, 'nacked', 'too little resident memory: batches are refused'],
    [90, 46, 'nacked', 'too little heap: batches are refused'],
    [90, 45, 'acked', undefined]
  ] as const) {
    Object.assign(process, { rss, heap })
    assert.equal(await send(), want)
    assert.equal(context.state.reason, reason)
  }
  assert.equal(process.collections, 0)
  assert.deepEqual([context.account.refused, context.account.imbalance], [2, 0])
})

test('without max_heap the limit is that of V8, and resident memory has none', async () => {
  const { process, send } = await assembled({})
  Object.assign(process, { rss: 1e6, heap: 800 })
  assert.equal(await send(), 'acked')
  process.heap = 801
  assert.equal(await send(), 'nacked')
})

test('above a hard limit garbage is collected first', async () => {
  const { process, send } = await assembled({ max_heap: '50MiB' }, 20)
  process.heap = 51
  assert.equal(await send(), 'acked')
  assert.equal(process.collections, 1)
  process.heap = 65
  assert.equal(await send(), 'nacked', 'not enough was garbage')
  assert.equal(process.collections, 2)
  process.heap = 45
  assert.equal(await send(), 'nacked')
  assert.equal(process.collections, 2, 'between the limits nothing is collected')
})

test('memory is looked at no more after a stop', async () => {
  const { limiter, context } = await assembled({})
  await limiter.stop()
  assert.equal(context.clock.nextTimer, Number.POSITIVE_INFINITY)
})

test('the memory of this process can be told', () => {
  const { rss, heapUsed, heapLimit } = processMemory()
  assert.ok(heapUsed() > MIB && heapUsed() < heapLimit && rss() > heapUsed() / 2)
})

test('refused: looking without a pause', () => {
  assert.throws(() => testConfig(plugin, { check_interval: '1ms' }), /check_interval: it must be at least 10ms/)
})
