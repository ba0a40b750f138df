import { restoreBlock, type SavedBlock, saveBlock } from '../../core/model/saved-blocks.ts'
import { openState, sealState } from '../../core/model/saved-state.ts'
import {
  type Batch,
  type BatchProcessor,
  blockBytes,
  type Context,
  type Explanation,
  formatDuration,
  type StateFigures
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { OpenBatch } from './open-batch.ts'
import { Parting } from './parting.ts'

const VERSION = 1

interface Saved {
  readonly key: string
  readonly source: string
  readonly blocks: readonly SavedBlock[]
}

/**
 * Holds handles, not data of its own: the sender of a part is answered when the batch with the part has settled. Open
 * batches are emitted at multiples of `timeout`.
 */
export class Batcher implements BatchProcessor {
  #config: Config
  #context: Context
  #parting: Parting
  /** The one begun first comes first. */
  #open = new Map<string, OpenBatch>()
  #output: (batch: Batch) => void = () => {}
  #cancelTimer: (() => void) | undefined
  #sent: Record<'full' | 'timedOut', { add(batches: number): void }>

  constructor(config: Config, context: Context) {
    this.#config = config
    this.#context = context
    this.#parting = new Parting(config.by, config.max_items)
    const { instruments } = context
    instruments.gauge('open_batches', 'Batches that wait for more.', () => this.#open.size)
    this.#sent = {
      full: instruments.counter('full_batches_total', 'Batches sent because they were large enough.'),
      timedOut: instruments.counter('timed_out_batches_total', 'Batches sent because their time was over.')
    }
  }

  open(emit: (batch: Batch) => void): void {
    this.#output = emit
  }

  receive(batch: Batch): void {
    const { block, origin } = batch
    if (block.length === 0) return this.#output(batch)
    const parts = this.#parting.of(block)
    const handles = batch.split(parts.map(part => part.block))
    this.#context.account.inFlight += block.length
    // Times of different sources run apart, and blocks of different types cannot be joined.
    for (const [i, { key, bytes }] of parts.entries())
      this.#add(`${block.type}:${origin.source}:${key}`, handles[i], bytes)
    this.#scheduleTimer()
  }

  finish(done: () => void): void {
    this.#sendAll()
    done()
  }

  async start(): Promise<void> {
    this.#scheduleTimer()
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.()
  }

  explain(): Explanation {
    const { timeout, by } = this.#config
    const others = by.length === 0 ? 'others' : `others of one ${by.join(', ')}`
    return { fate: 'passes', why: `it waits for up to ${formatDuration(timeout)}, to be in one batch with ${others}` }
  }

  figures(): StateFigures {
    return { entries: { open_batches: this.#open.size } }
  }

  /** With a journal the senders of waiting parts have had their answer, and the data is only here. */
  snapshot(): Uint8Array {
    const saved: Saved[] = [...this.#open].map(([key, { source, blocks }]) => ({
      key,
      source,
      blocks: blocks.map(saveBlock)
    }))
    return sealState(VERSION, saved)
  }

  restore(bytes: Uint8Array): void {
    const { account, series } = this.#context
    for (const { key, source, blocks } of openState(VERSION, bytes) as Saved[]) {
      const open = new OpenBatch(source)
      for (const saved of blocks) {
        const block = restoreBlock(saved, series)
        account.book(block, items => {
          account.produced += items
          account.inFlight += items
        })
        const again = (batch: Batch) => {
          account.book(block, items => {
            account.sent -= items
            account.inFlight += items
          })
          this.#add(key, batch, blockBytes(block))
          this.#scheduleTimer()
        }
        open.add(this.#context.adopt({ source }, block, again), blockBytes(block))
      }
      this.#open.set(key, open)
    }
  }

  #add(key: string, part: Batch, bytes: number): void {
    const { max_items, max_size, max_open } = this.#config
    // Sent first rather than filled up: a part that is in two batches is answered by the worse of them.
    const waiting = this.#open.get(key)
    if (waiting !== undefined && waiting.items + part.block.length > max_items) this.#send(key, waiting, 'full')
    const open = this.#open.get(key) ?? new OpenBatch(part.origin.source)
    open.add(part, bytes)
    this.#open.set(key, open)
    if (open.items === max_items || open.bytes >= max_size) this.#send(key, open, 'full')
    else if (this.#open.size > max_open) this.#send(...this.#open.entries().next().value!, 'full')
  }

  #sendAll(): void {
    for (const [key, open] of this.#open) this.#send(key, open, 'timedOut')
  }

  #send(key: string, open: OpenBatch, why: 'full' | 'timedOut'): void {
    this.#open.delete(key)
    const { account } = this.#context
    for (const block of open.blocks)
      account.book(block, items => {
        account.inFlight -= items
      })
    this.#sent[why].add(1)
    this.#output(open.close())
  }

  #scheduleTimer(): void {
    if (this.#open.size === 0 || this.#cancelTimer !== undefined) return
    const { clock } = this.#context
    const { timeout } = this.#config
    this.#cancelTimer = clock.setTimer(timeout - (clock.now() % timeout), () => {
      this.#cancelTimer = undefined
      this.#sendAll()
    })
  }
}
