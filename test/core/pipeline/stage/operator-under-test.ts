import { Observable, type Subscriber } from 'rxjs'
import { joinBlocks } from '../../../../core/model/join.ts'
import { sliceBlock } from '../../../../core/model/slice.ts'
import { Batch } from '../../../../sdk/plugin/index.ts'
import { OperatorRun } from '../../../sdk/plugin/operator-run.ts'

export const FULL = new Error('full')

/** An operator that does nothing by itself. The test has the batches inside, and those behind it. */
export class OperatorUnderTest extends OperatorRun {
  readonly inside: Batch[] = []
  readonly behind: Batch[] = []
  #output!: Subscriber<Batch>

  /** @param held what another one had inside */
  constructor(held?: Uint8Array) {
    const behind: Batch[] = []
    const operator = () => (source: Observable<Batch>) =>
      new Observable<Batch>(output => {
        this.#output = output
        return source.subscribe(batch => this.inside.push(batch))
      })
    super(() => operator(), { downstream: batch => behind.push(batch) })
    this.behind = behind
    if (held !== undefined) this.harness.held!.restore(held)
    this.harness.open()
  }

  /** Sends a batch of so many events. Returns the handle that the operator is given. */
  take(items: number): Batch {
    this.send(...'abcdefghi'.slice(0, items))
    return this.inside.pop()!
  }

  /** Returns the batch behind the operator. */
  emit(batch: Batch): Batch {
    this.#output.next(batch)
    return this.behind.at(-1)!
  }

  /** Its batches are nacked, and it starts anew. */
  fail(): void {
    this.#output.error(FULL)
  }

  /** The columns that are not 0. */
  get books(): Record<string, number> {
    const { received, produced, sent, absorbed, refused, inFlight, imbalance, droppedTotal } = this.context.account
    const all = { received, produced, sent, absorbed, dropped: droppedTotal, refused, inFlight, imbalance }
    return Object.fromEntries(Object.entries(all).filter(([, items]) => items !== 0))
  }
}

export const merge = (...batches: Batch[]) => Batch.merge(batches, joinBlocks(batches.map(({ block }) => block)))
export const split = (batch: Batch, at: number) => {
  const { block } = batch
  return batch.split([sliceBlock(block, 0, at), sliceBlock(block, at, block.length)])
}
export const firstOf = (batch: Batch, items: number) => sliceBlock(batch.block, 0, items)
