import type { Batch } from '../../batch/batch.ts'
import type { NamedSeries } from '../../model/named-series.ts'
import type { PointBlock } from '../../model/points.ts'
import { restoreBlock, type SavedBlock, saveBlock } from '../../model/saved-blocks.ts'
import { openState, sealState } from '../../model/saved-state.ts'
import type { Context } from '../../plugin/context.ts'
import type { BatchProcessor } from '../../plugin/contract.ts'
import type { Explanation, StateFigures } from '../../plugin/inspection.ts'
import { OutputBuffer } from './output-buffer.ts'

/** Interval between tries to send blocks that were nacked or wait for credits. Tries are made at multiples of it. */
const RETRY_MS = 100

/** Makes points of points, with a memory. */
export interface Conversion {
  /** Version of the bytes of its state. */
  readonly version: number
  /**
   * The block to forward instead of `block`, or `block` itself if nothing of it is remembered. Books the items that are
   * `absorbed`, `produced` and dropped.
   */
  convert(block: PointBlock): PointBlock
  /** As `Inspectable` has it. */
  figures?(): StateFigures
  explain?(series: NamedSeries): Explanation
  /** A value that V8 can serialize. */
  save(): unknown
  restore(state: never): void
}

interface Saved {
  readonly conversion: unknown
  readonly outbox: readonly SavedBlock[]
}

/**
 * Owns a batch from the moment something of it is remembered: acknowledges it, and sends the converted block as its
 * own. If it nacked the batch instead, the batch would come again, and count twice.
 */
export class StatefulProcessor implements BatchProcessor {
  #conversion: Conversion
  #context: Context
  #outputBuffer: OutputBuffer
  #output: (batch: Batch) => void = () => {}
  #cancelRetry: (() => void) | undefined

  constructor(conversion: Conversion, context: Context) {
    this.#conversion = conversion
    this.#context = context
    this.#outputBuffer = new OutputBuffer(context, () => this.#scheduleRetry())
  }

  open(emit: (batch: Batch) => void): void {
    this.#output = emit
  }

  async start(): Promise<void> {
    this.#scheduleRetry()
  }

  async stop(): Promise<void> {
    this.#cancelRetry?.()
  }

  receive(batch: Batch): void {
    const { block } = batch
    const converted = block.type === 'points' ? this.#conversion.convert(block) : block
    if (converted === block) return this.#output(batch)
    if (converted.length > 0) this.#outputBuffer.put(converted)
    batch.ack()
    this.#send()
  }

  /** With a folder for state, unsent blocks wait there for the next start. */
  finish(done: () => void): void {
    this.#send()
    if (this.#outputBuffer.isEmpty || this.#context.durable) return done()
    this.#context.clock.setTimer(RETRY_MS, () => this.finish(done))
  }

  snapshot(): Uint8Array {
    const saved: Saved = {
      conversion: this.#conversion.save(),
      outbox: this.#outputBuffer.blocks.map(saveBlock)
    }
    return sealState(this.#conversion.version, saved)
  }

  restore(bytes: Uint8Array): void {
    const saved = openState(this.#conversion.version, bytes) as Saved
    this.#conversion.restore(saved.conversion as never)
    for (const block of saved.outbox) this.#outputBuffer.putProduced(restoreBlock(block, this.#context.series))
  }

  figures(): StateFigures {
    return this.#conversion.figures?.() ?? { entries: {} }
  }

  explain(series: NamedSeries): Explanation {
    return this.#conversion.explain?.(series) ?? { fate: 'passes', why: 'tells nothing about single series' }
  }

  #send(): void {
    this.#outputBuffer.send(this.#output)
    this.#scheduleRetry()
  }

  #scheduleRetry(): void {
    if (this.#outputBuffer.isEmpty || this.#cancelRetry !== undefined) return
    const { clock } = this.#context
    this.#cancelRetry = clock.setTimer(RETRY_MS - (clock.now() % RETRY_MS), () => {
      this.#cancelRetry = undefined
      this.#send()
    })
  }
}
