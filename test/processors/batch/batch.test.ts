import assert from 'node:assert/strict'
import { test } from 'node:test'
import plugin from '../../../processors/batch/index.ts'
import type { Batch, Processor } from '../../../sdk/plugin/index.ts'
import { ProcessorHarness, testBatch, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { parseItems, printItems } from '../../cases/items.ts'

for (const [config, message] of [
  [{ max_size: '10B' }, /max_size: it must be at least 1KiB/],
  [{ timeout: '1ms' }, /timeout: it must be at least 10ms/],
  [{ max_items: 0 }, /max_items/]
] as const) {
  test(`refused: ${JSON.stringify(config)}`, () => {
    assert.throws(() => testConfig(plugin, config), message)
  })
}

function assembled(config: Record<string, unknown>, state?: Uint8Array) {
  const context = testContext()
  const processor = plugin.create(testConfig(plugin, config), context) as Processor
  const sent: Batch[] = []
  if (state !== undefined) processor.restore!(state)
  void processor.start!(new AbortController().signal)
  const harness = new ProcessorHarness(processor, context, { downstream: batch => sent.push(batch) }).open()
  return {
    context,
    processor,
    sent,
    /** Outcomes as they come, by what was sent. */
    outcomes: [] as string[],
    send(...lines: string[]): void {
      const { batch, settled } = testBatch(parseItems(lines, context.series))
      const name = lines.join()
      settled.then(outcome => {
        const items = outcome.status === 'dropped' ? ` ${outcome.items}` : ''
        this.outcomes.push(`${name.replaceAll('0s event ', '')} ${outcome.status}${items}`)
      })
      harness.push(batch)
    }
  }
}

const turn = () => new Promise(setImmediate)

test('senders are answered when the joined batch has settled, and not before', async () => {
  for (const [settle, want] of [
    [(batch: Batch) => batch.ack(), ['a acked', 'b,c acked']],
    [(batch: Batch) => batch.nack(new Error('full')), ['a nacked', 'b,c nacked']],
    [(batch: Batch) => batch.drop('rejected'), ['a dropped 1', 'b,c dropped 2']],
    [(batch: Batch) => batch.drop('rejected', 2), ['a dropped 1', 'b,c dropped 1']],
    [(batch: Batch) => batch.drop('rejected', 1), ['a dropped 1', 'b,c acked']]
  ] as const) {
    const line = assembled({})
    line.send('0s event a')
    line.send('0s event b', '0s event c')
    assert.equal(line.context.account.inFlight, 3)
    line.context.clock.advance(200)
    assert.equal(line.sent.length, 1)
    await turn()
    assert.deepEqual(line.outcomes, [])
    settle(line.sent[0])
    await turn()
    assert.deepEqual(line.outcomes, want)
    assert.equal(line.context.account.imbalance + line.context.account.inFlight, 0)
  }
})

test('a sender whose items went into several batches is told the worst', async () => {
  const line = assembled({ by: ['t'] })
  line.send('0s event a {t: x}', '0s event b {t: z}')
  line.context.clock.advance(200)
  line.sent[0].ack()
  line.sent[1].nack(new Error('full'))
  await turn()
  assert.deepEqual(line.outcomes, ['a {t: x},b {t: z} nacked'])
})

test('a snapshot holds the waiting items, which are sent after a restart', () => {
  const line = assembled({ by: ['t'] })
  const lines = ['0s gauge a {t: x} 1', '0s histogram delta h {t: z} {count: 1, sum: 2}']
  line.send(...lines)
  line.send('0s event c {t: x} 1 id=e1')
  const next = assembled({ by: ['t'] }, line.processor.snapshot!())
  assert.equal(next.context.account.inFlight, 3)
  next.context.clock.advance(200)
  assert.deepEqual(
    next.sent.flatMap(({ block }) => printItems(block)),
    [...lines, '0s event c {t: x} 1 id=e1']
  )
  assert.equal(next.context.account.imbalance + next.context.account.inFlight, 0)
})

test('no timer is set where nothing waits', () => {
  const line = assembled({})
  assert.equal(line.context.clock.nextTimer, Number.POSITIVE_INFINITY)
  line.send('0s event a')
  line.context.clock.advance(200)
  assert.equal(line.context.clock.nextTimer, Number.POSITIVE_INFINITY)
})
