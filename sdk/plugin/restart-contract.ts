import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Block } from '../../core/model/block.ts'
import { saveBlock } from '../../core/model/saved-blocks.ts'
import { runThrough } from '../../core/model/stepwise.ts'
import type { Plugin, Processor } from '../../core/plugin/contract.ts'
import type { ContractOptions } from '../../core/plugin/contract-rule.ts'
import { count } from '../../core/plural.ts'
import { type CountingContext, make, type Subjects, signal, stop, within } from './contract-subject.ts'
import { ProcessorHarness } from './processor-harness.ts'
import { type Downstream, LONG_MS } from './processor-line.ts'
import { blocksFor } from './sample-blocks.ts'
import { testConfig } from './testing.ts'

/** Time for a batch, and for its direct output. */
const SLOT_MS = 1000

/** The rules for a repetition: after a nacked batch, and after a restart. */
export const RESTART_RULES: Readonly<Record<string, (subject: Subjects) => Promise<void>>> = {
  'emits a nacked batch when it comes again': takesAgain,
  'continues from its snapshot as if nothing had happened': goesOn,
  'writes down the same in steps as in one piece': snapshotsAlike,
  'has the batches it holds in its snapshot, or settles them': keepsWhatItHolds
}

/** A processor as with a journal: its output must follow from its input, and the clock, alone. */
class Run {
  readonly context: CountingContext
  readonly processor: Processor
  readonly harness: ProcessorHarness

  constructor({ plugin, options }: Subjects, downstream: Downstream = batch => batch.ack()) {
    const { context, instance } = make(plugin, options)
    this.context = Object.assign(context, { durable: true, replayed: true })
    this.processor = instance as Processor
    this.harness = new ProcessorHarness(this.processor, this.context, { downstream })
  }

  async start(): Promise<this> {
    await within('start', this.processor.start?.(signal()))
    this.harness.open()
    return this
  }

  /** Gives each block, and time in between. */
  async give(blocks: readonly Block[]): Promise<void> {
    for (const block of blocks) {
      void this.harness.send(block)
      await this.harness.advance(SLOT_MS)
    }
  }

  blocks({ plugin }: Subjects): Block[] {
    return blocksFor(plugin, this.context.series).map(([, block]) => block)
  }

  /** Blocks emitted so far, as they can be compared. */
  get emitted(): unknown[] {
    return this.harness.sent.map(({ block }) => saveBlock(block))
  }
}

/** A batch nacked behind the processor comes again, and must not be taken for one that it has let through. */
async function takesAgain(subject: Subjects): Promise<void> {
  if (isRefusing(subject.plugin, subject.options)) return
  const nacked = new Outlet(subject, true)
  await nacked.run()
  const plain = new Outlet(subject, false, nacked.inSecondSlot)
  await plain.run()
  for (const [item, value] of plain.items) {
    assert.ok(nacked.items.has(item), `${item} is not emitted after it was nacked and came again`)
    assert.deepEqual(nacked.items.get(item), value, `${item} differs after it was nacked and came again`)
  }
}

/** Gives each block in its own time, which has two slots. */
class Outlet {
  readonly items = new Map<string, unknown>()
  /** Numbers of blocks that were taken in their second slot. */
  readonly inSecondSlot: Set<number>
  #subject: Subjects
  /** Set if batches emitted in a first slot are nacked. */
  #nacks: boolean

  constructor(subject: Subjects, nacks: boolean, inSecondSlot: ReadonlySet<number> = new Set()) {
    this.#subject = subject
    this.#nacks = nacks
    this.inSecondSlot = new Set(inSecondSlot)
  }

  async run(): Promise<void> {
    let isFirstSlot = false
    const run = await new Run(this.#subject, batch => {
      if (isFirstSlot && this.#nacks) return batch.nack(new Error('try again'))
      for (const [item, value] of itemsOf(batch.block, this.items.size)) this.items.set(item, value)
      batch.ack()
    }).start()
    Object.assign(run.context, { replayed: false })
    for (const [i, block] of run.blocks(this.#subject).entries()) {
      isFirstSlot = true
      if (!this.inSecondSlot.has(i))
        void run.harness.send(block).then(({ status }) => status === 'nacked' && this.inSecondSlot.add(i))
      await run.harness.advance(SLOT_MS)
      isFirstSlot = false
      if (this.inSecondSlot.has(i)) void run.harness.send(block)
      await run.harness.advance(SLOT_MS)
    }
    await run.harness.advance(LONG_MS)
    await stop(run.processor)
  }
}

/** The view of a store's reader: points by series and time, with the last value of cumulative series. */
function itemsOf(block: Block, before: number): [string, unknown][] {
  if (block.type === 'events')
    return block.name.map((name, i) => [`event ${name} ${block.id[i] ?? before + i}`, block.value[i]])
  return [...block.series].map(({ metric, attributes }, i) => {
    const { name, kind, temporality } = metric
    const labels = attributes.map(([key, value]) => `${key}=${value}`).join()
    const when = temporality === 'cumulative' ? '' : ` at ${block.time[i]}`
    return [`${temporality} ${kind} ${name} {${labels}}${when}`, block.distributions.get(i) ?? block.value[i]]
  })
}

async function goesOn(subject: Subjects): Promise<void> {
  const through = await new Run(subject).start()
  const blocks = through.blocks(subject)
  const middle = blocks.length >> 1
  await through.give(blocks.slice(0, middle))
  const state = through.processor.snapshot?.()
  const held = through.harness.held?.snapshot()
  const before = through.emitted.length
  const now = through.context.clock.now()

  const restarted = new Run(subject)
  restarted.context.clock.advanceTo(now)
  if (state !== undefined) restarted.processor.restore!(state)
  if (held !== undefined) restarted.harness.held!.restore(held)
  await restarted.start()
  for (const run of [through, restarted]) {
    await run.give(run.blocks(subject).slice(middle))
    await run.harness.advance(LONG_MS)
    await stop(run.processor)
  }
  assertSame(restarted.emitted, through.emitted.slice(before), 'after a restart')
}

async function snapshotsAlike(subject: Subjects): Promise<void> {
  if ((subject.instance as Processor).snapshotInSteps === undefined) return
  const states: Uint8Array[] = []
  for (const inSteps of [false, true]) {
    const run = await new Run(subject).start()
    await run.give(run.blocks(subject))
    states.push(inSteps ? runThrough(run.processor.snapshotInSteps!()) : run.processor.snapshot!())
    await stop(run.processor)
  }
  assert.deepEqual(states[1], states[0], 'in steps it is the same as in one piece, of another of the same')
}

/** With a journal senders have their answer: a batch that is not settled, and not in the snapshot, would be gone. */
async function keepsWhatItHolds(subject: Subjects): Promise<void> {
  const run = await new Run(subject).start()
  if (run.harness.held !== undefined) return
  const open = new Set<Block>()
  for (const block of run.blocks(subject)) {
    open.add(block)
    void run.harness.send(block).then(() => open.delete(block))
  }
  await new Promise(setImmediate)
  const held = [...open].reduce((items, { length }) => items + length, 0)
  await stop(run.processor)
  if (held > 0)
    assert.equal(typeof run.processor.snapshot, 'function', `it holds ${count(held, 'item')}, and has no snapshot`)
}

function assertSame(got: readonly unknown[], want: readonly unknown[], when: string): void {
  const first = want.findIndex((block, i) => !isDeepStrictEqual(got[i], block))
  if (first >= 0) assert.deepEqual(got[first], want[first], `${when} batch ${first} is another`)
  assert.equal(got.length, want.length, `${when} as many batches come out`)
}

/** True if it nacks batches by itself. */
export function isRefusing(plugin: Plugin, { config }: ContractOptions): boolean {
  return plugin.kind === 'processor' && plugin.rejects?.(testConfig(plugin, config)) === true
}
