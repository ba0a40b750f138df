import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Batch, type Conversion, type PointBlock, StatefulProcessor } from '../../../../sdk/plugin/index.ts'
import { ProcessorHarness, type TestContext, testBatch, testContext } from '../../../../sdk/plugin/testing.ts'
import { parseItems, printItems } from '../../../cases/items.ts'

/** Puts out what came before instead of what comes, and remembers that. Leaves `same` alone. */
class Delay implements Conversion {
  readonly version = 7
  #context: TestContext
  #held: string[] = []

  constructor(context: TestContext) {
    this.#context = context
  }

  convert(block: PointBlock): PointBlock {
    const lines = printItems(block)
    if (lines.some(line => line.includes('same'))) return block
    const before = this.#held
    this.#held = lines
    this.#context.account.absorbed += lines.length
    this.#context.account.produced += before.length
    return parseItems(before, this.#context.series) as PointBlock
  }

  save(): unknown {
    return this.#held
  }

  restore(held: string[]): void {
    this.#held = held
  }
}

function assembled(context: TestContext, state?: Uint8Array) {
  const processor = new StatefulProcessor(new Delay(context), context)
  const sent: Batch[] = []
  if (state !== undefined) processor.restore(state)
  void processor.start()
  const harness = new ProcessorHarness(processor, context, { downstream: batch => sent.push(batch) }).open()
  return {
    processor,
    finish: () => harness.finish(),
    sent,
    isFinished: () => harness.isFinished,
    send(line: string): Promise<string> {
      const { batch, settled } = testBatch(parseItems([line], context.series))
      harness.push(batch)
      return settled.then(({ status }) => status)
    },
    lines: () => sent.flatMap(({ block }) => printItems(block))
  }
}

test('remembered points are acknowledged at once, the others by the stages behind', async () => {
  const line = assembled(testContext())
  assert.equal(await line.send('0s gauge a 1'), 'acked')
  assert.deepEqual(line.lines(), [])
  const same = line.send('0s gauge same 1')
  assert.equal(line.sent.length, 1)
  line.sent[0].nack(new Error('full'))
  assert.equal(await same, 'nacked')
})

test('a nacked batch is sent again, until it is taken', async () => {
  const context = testContext()
  const line = assembled(context)
  await line.send('0s gauge a 1')
  assert.equal(await line.send('0s gauge b 2'), 'acked')
  line.sent[0].nack(new Error('full'))
  assert.equal(context.account.inFlight, 1)
  context.clock.advance(100)
  line.sent[1].nack(new Error('still full'))
  await line.finish()
  assert.ok(line.isFinished())
  line.sent[2].ack()
  assert.deepEqual(line.lines(), ['0s gauge a 1', '0s gauge a 1', '0s gauge a 1'])
  assert.equal(context.account.imbalance, 0)
})

test('without credits it waits, and a snapshot keeps the waiting output', async () => {
  const context = { ...testContext(), durable: true }
  const permit = context.outputBudget.tryTake(context.outputBudget.capacity)!
  const line = assembled(context)
  await line.send('0s gauge a 1')
  await line.send('0s gauge b 2')
  await line.finish()
  assert.ok(line.isFinished(), 'the next start sends it')
  assert.deepEqual(line.lines(), [])
  assert.equal(context.account.imbalance, 0)
  permit.release()
  const next = testContext()
  const restarted = assembled(next, line.processor.snapshot())
  next.clock.advance(100)
  assert.deepEqual(restarted.lines(), ['0s gauge a 1'])
  await restarted.send('0s gauge c 3')
  assert.deepEqual(restarted.lines(), ['0s gauge a 1', '0s gauge b 2'])
  assert.equal(next.account.imbalance, 0)
})

test('state of another version is refused', () => {
  const { processor } = assembled(testContext())
  const bytes = Uint8Array.from(processor.snapshot())
  bytes[0] = 6
  assert.throws(() => assembled(testContext()).processor.restore(bytes), /version 6/)
})
