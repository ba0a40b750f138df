import assert from 'node:assert/strict'
import type { Block } from '../../core/model/block.ts'
import { runThrough } from '../../core/model/stepwise.ts'
import type { Batch, Outcome } from '../../core/pipeline/batch.ts'
import type { Lifecycle, Processor } from '../../core/plugin/contract.ts'
import { type CountingContext, make, type Subjects, signal, stop, within } from './contract-subject.ts'
import { ProcessorHarness } from './processor-harness.ts'
import { blocksFor } from './sample-blocks.ts'
import type { TestContext } from './testing.ts'

/** Longer than any window or backoff of a sensible default. */
const LONG_MS = 2 * 3_600_000
const STEP_MS = 60_000
/** Of a snapshot: where damage must be seen. */
const SPOTS = 16

/** What becomes of the `turn`th batch that the processor puts out. */
type Behaviour = (batch: Batch, turn: number) => void

const DOWNSTREAM: Readonly<Record<string, Behaviour>> = {
  'all is taken': batch => batch.ack(),
  'some is handed back': (batch, turn) => (turn % 2 === 0 ? batch.nack(new Error('try again')) : batch.ack()),
  'some is dropped': (batch, turn) => (turn % 2 === 0 ? batch.drop('rejected') : batch.ack())
}

/** What every processor must hold, besides what any plugin must. */
export const PROCESSOR_RULES: Readonly<Record<string, (subject: Subjects) => Promise<void>>> = {
  ...Object.fromEntries(
    Object.entries(DOWNSTREAM).map(([name, behave]) => [
      `settles every batch where ${name}`,
      (subject: Subjects) => settles(subject, behave)
    ])
  ),
  'hands back a batch it fails at, and goes on': survivesThrows,
  'does not change the blocks it is given': leavesBlocksAlone,
  'takes its own snapshot, and none that is damaged': knowsItsSnapshot
}

async function settles({ plugin, context, instance }: Subjects, behave: Behaviour): Promise<void> {
  const line = await assembled(instance, context, behave)
  const outcomes = new Map<string, Promise<Outcome>>()
  for (const [name, block] of blocksFor(plugin.ports, context.series)) outcomes.set(name, line.send(block))
  await line.end()
  for (const [name, outcome] of outcomes) await within(`the batch of ${name}`, outcome)
  assert.ok(line.sent.every(({ spent }) => spent))
  assertBalanced(context)
}

async function survivesThrows({ plugin, context, instance }: Subjects): Promise<void> {
  const line = await assembled(instance, context, batch => batch.ack())
  const [, block] = blocksFor(plugin.ports, context.series).find(([, { length }]) => length > 0)!
  const { poison, wasRead } = poisoned(block)
  const outcome = await within('the batch settles', line.settle(poison))
  assert.equal(outcome.status, wasRead() ? 'nacked' : 'acked')
  assert.equal((await within('the next one settles', line.settle(block))).status, 'acked')
  await line.end()
  assertBalanced(context)
}

async function leavesBlocksAlone({ plugin, context, instance }: Subjects): Promise<void> {
  const line = await assembled(instance, context, batch => batch.ack())
  for (const [name, block] of blocksFor(plugin.ports, context.series)) {
    const before = columnsOf(block)
    await within(`the batch of ${name}`, line.settle(block))
    assert.deepEqual(columnsOf(block), before, name)
  }
  await line.end()
}

async function knowsItsSnapshot({ plugin, options, context, instance }: Subjects): Promise<void> {
  const { snapshot, restore } = instance as Processor
  assert.equal(typeof restore, typeof snapshot, 'snapshot and restore belong together')
  if (snapshot === undefined) return
  const line = await assembled(instance, context, batch => batch.ack())
  for (const [, block] of blocksFor(plugin.ports, context.series)) line.send(block)
  const bytes = snapshot.call(instance)
  const inSteps = (instance as Processor).snapshotInSteps?.()
  if (inSteps !== undefined) assert.deepEqual(runThrough(inSteps), bytes, 'in steps it is the same')
  await line.end()
  const restoreFrom = (state: Uint8Array) => (make(plugin, options).instance as Processor).restore!(state)
  assert.doesNotThrow(() => restoreFrom(bytes))
  for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / SPOTS)) {
    assert.throws(() => restoreFrom(bytes.subarray(0, at)), `cut off after ${at} of ${bytes.length} bytes`)
    const damaged = bytes.with(at, bytes[at] ^ 1)
    assert.throws(() => restoreFrom(damaged), `with another bit in byte ${at} of ${bytes.length}`)
  }
}

/** A processor as it stands in a pipeline, started. */
async function assembled(instance: Lifecycle, context: CountingContext, downstream: Behaviour) {
  const harness = new ProcessorHarness(instance as Processor, context, { downstream }).open()
  await within('start', instance.start?.(signal()))
  return {
    harness,
    sent: harness.sent,
    send: (block: Block) => harness.send(block),
    /** Sends it, and gives it the time that a processor may hold a batch for. */
    async settle(block: Block): Promise<Outcome> {
      const settled = harness.send(block)
      await harness.advance(STEP_MS)
      return settled
    },
    /** No more comes in; time goes on until all is out. */
    async end(): Promise<void> {
      await harness.advance(LONG_MS)
      void harness.finish()
      for (let ms = 0; ms < LONG_MS && !harness.isFinished; ms += STEP_MS) await harness.advance(STEP_MS)
      assert.ok(harness.isFinished, 'the stream completes after its source')
      await stop(instance)
    }
  }
}

function assertBalanced({ account, credits, ownedCredits }: TestContext): void {
  assert.equal(account.imbalance, 0, `nobody accounts for ${account.imbalance} items`)
  assert.equal(account.inFlight, 0, 'nothing is in flight any more')
  assert.deepEqual([credits.used, ownedCredits.used], [0, 0], 'all credits are back')
}

/** Looks like `block` until a column is read. */
function poisoned(block: Block): { readonly poison: Block; wasRead(): boolean } {
  let read = false
  const get = () => {
    read = true
    throw new Error('this block cannot be read')
  }
  const columns = Object.keys(block).filter(name => name !== 'type' && name !== 'length')
  const poison = Object.defineProperties({ ...block }, Object.fromEntries(columns.map(name => [name, { get }])))
  return { poison, wasRead: () => read }
}

const columnsOf = (block: Block) =>
  Object.entries(block).map(([name, column]) => [
    name,
    ArrayBuffer.isView(column) ? (column as Float64Array).slice() : Array.isArray(column) ? [...column] : column
  ])
