import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import type { Outcome } from '../../../../core/batch/batch.ts'
import { ExportError } from '../../../../sdk/plugin/index.ts'
import { CONFIG, driven, open, pass, push, reset, world } from './disk-queue.ts'

const MINUTE = 60_000
const NEVER = new AbortController().signal

/** The backend asks for this once; when it is tried again, in ms. */
async function triedAgainAfter(retryAfterMs: unknown, retry = {}): Promise<number> {
  const tries: number[] = []
  world.answer = async () => {
    tries.push(world.context.clock.now())
    if (tries.length === 1) throw new ExportError('busy', { retryable: true, retryAfterMs: retryAfterMs as number })
  }
  const settled = push(await open({ retry }), 1)
  while (tries.length < 2) await pass(1000)
  assert.equal((await settled).status, 'acked')
  return tries[1] - tries[0]
}

/** The status of a batch whose sending queue, in memory alone, is closed with so long a deadline. */
async function stoppedWithin(deadlineMs: number): Promise<string> {
  const sendingQueue = await open({ isInMemory: true })
  const settled = push(sendingQueue, 1)
  await pass(100)
  const deadline = new AbortController()
  world.context.clock.setTimer(deadlineMs, () => deadline.abort())
  await driven(sendingQueue.close(deadline.signal))
  return (await settled).status
}

describe('Retry-After of a backend', () => {
  beforeEach(reset)

  for (const [what, asked, atLeast, atMost] of [
    ['is waited for', 2 * MINUTE, 2 * MINUTE, 2 * MINUTE + 1000],
    ['regression: of thirty years was waited for', 999_999_999_000, 5 * MINUTE, 5 * MINUTE + 1000],
    ['without end is five minutes', Number.POSITIVE_INFINITY, 5 * MINUTE, 5 * MINUTE + 1000],
    ['below 0 is none', -5000, 0, 1000],
    ['that is no number is none', Number.NaN, 0, 1000],
    ['that is a text is none', '120', 0, 1000]
  ] as const)
    it(what, async () => {
      const after = await triedAgainAfter(asked)
      assert.ok(after >= atLeast && after <= atMost, `after ${after} ms`)
    })

  it('is waited for as long as max_interval, where that is longer', async () => {
    const after = await triedAgainAfter(999_999_999_000, { max_interval: 20 * MINUTE })
    assert.ok(after >= 20 * MINUTE && after <= 20 * MINUTE + 1000, `after ${after} ms`)
  })

  it('regression: a stop waited for it, and the waiting batches were lost', async () => {
    let tries = 0
    world.answer = async () => {
      if (++tries === 1) throw new ExportError('busy', { retryable: true, retryAfterMs: 999_999_999_000 })
    }
    assert.equal(await stoppedWithin(10_000), 'acked')
    assert.equal(tries, 2)
  })

  it('during a stop it is not waited for either: tries go on by the backoff until the deadline', async () => {
    let tries = 0
    world.answer = async () => {
      if (++tries < 6) throw new ExportError('busy', { retryable: true, retryAfterMs: 999_999_999_000 })
    }
    assert.deepEqual([await stoppedWithin(10_000), tries], ['acked', 6])
    assert.equal(CONFIG.retry.max_interval, 1000, 'so five pauses are over before the deadline')
  })

  it('with a disk a stop leaves the waiting batches there, at once', async () => {
    world.answer = async () => {
      throw new ExportError('busy', { retryable: true, retryAfterMs: 999_999_999_000 })
    }
    const sendingQueue = await open()
    let outcome: Outcome | undefined
    void push(sendingQueue, 1).then(settled => (outcome = settled))
    await pass(100)
    const before = world.context.clock.now()
    await driven(sendingQueue.close(NEVER))
    assert.equal(outcome?.status, 'acked')
    assert.deepEqual(sendingQueue.position, { next: 0, end: 1 })
    assert.ok(world.context.clock.now() - before < 1000)
  })
})
