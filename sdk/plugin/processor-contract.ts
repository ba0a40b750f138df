import assert from 'node:assert/strict'
import type { Outcome } from '../../core/batch/batch.ts'
import type { Block } from '../../core/model/block.ts'
import type { Processor } from '../../core/plugin/contract.ts'
import { make, type Subjects, within } from './contract-subject.ts'
import { assembled, assertBalanced, type Downstream } from './processor-line.ts'
import { isRefusing, RESTART_RULES } from './restart-contract.ts'
import { blocksFor } from './sample-blocks.ts'

/** Places of a snapshot in which damage must be seen. */
const SPOTS = 16

const DOWNSTREAM: Readonly<Record<string, Downstream>> = {
  'every batch is acknowledged': batch => batch.ack(),
  'some batches are nacked': (batch, turn) => (turn % 2 === 0 ? batch.nack(new Error('try again')) : batch.ack()),
  'some batches are dropped': (batch, turn) => (turn % 2 === 0 ? batch.drop('rejected') : batch.ack())
}

/** The rules for every processor, besides those for any plugin. */
export const PROCESSOR_RULES: Readonly<Record<string, (subject: Subjects) => Promise<void>>> = {
  ...Object.fromEntries(
    Object.entries(DOWNSTREAM).map(([name, behave]) => [
      `settles every batch if ${name}`,
      (subject: Subjects) => settles(subject, behave)
    ])
  ),
  'nacks a batch it fails at, and continues': survivesThrows,
  'does not change the blocks it is given': leavesBlocksAlone,
  'takes its own snapshot, and none that is damaged': knowsItsSnapshot,
  ...RESTART_RULES
}

async function settles({ plugin, options, context, instance }: Subjects, behave: Downstream): Promise<void> {
  const line = await assembled(instance, context, behave)
  const outcomes = new Map<string, Promise<Outcome>>()
  for (const [name, block] of blocksFor(plugin, context.series)) outcomes.set(name, line.send(block))
  await line.end()
  const settled = new Map<string, Outcome>()
  for (const [name, outcome] of outcomes) settled.set(name, await within(`the batch of ${name}`, outcome))
  assert.ok(line.sent.every(({ spent }) => spent))
  assertBalanced(context)
  assert.equal(context.counters.get('operator_failures_total') ?? 0, 0, `its operator fails: ${context.state.reason}`)
  if (isRefusing(plugin, options) || behave !== DOWNSTREAM['every batch is acknowledged']) return
  for (const [name, { status }] of settled)
    assert.notEqual(status, 'nacked', `the batch of ${name} must not be nacked if all of its output is acknowledged`)
}

async function survivesThrows({ plugin, context, instance }: Subjects): Promise<void> {
  const line = await assembled(instance, context, batch => batch.ack())
  const [, block] = blocksFor(plugin, context.series).find(([, { length }]) => length > 0)!
  const { poison, wasRead } = poisoned(block)
  const outcome = await within('the batch settles', line.settle(poison))
  assert.equal(outcome.status, wasRead() ? 'nacked' : 'acked')
  assert.equal((await within('the next one settles', line.settle(block))).status, 'acked')
  await line.end()
  assertBalanced(context)
}

async function leavesBlocksAlone({ plugin, context, instance }: Subjects): Promise<void> {
  const line = await assembled(instance, context, batch => batch.ack())
  for (const [name, block] of blocksFor(plugin, context.series)) {
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
  for (const [, block] of blocksFor(plugin, context.series)) line.send(block)
  const bytes = snapshot.call(instance)
  await line.end()
  const restoreFrom = (state: Uint8Array) => (make(plugin, options).instance as Processor).restore!(state)
  assert.doesNotThrow(() => restoreFrom(bytes))
  for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / SPOTS)) {
    assert.throws(() => restoreFrom(bytes.subarray(0, at)), `cut off after ${at} of ${bytes.length} bytes`)
    const damaged = bytes.with(at, bytes[at] ^ 1)
    assert.throws(() => restoreFrom(damaged), `with another bit in byte ${at} of ${bytes.length}`)
  }
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
