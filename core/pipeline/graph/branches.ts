import { Batch, type Origin, type Outcome } from '../../batch/batch.ts'
import type { SettlementToken } from '../../batch/settlement.ts'
import type { Block } from '../../model/block.ts'
import { fanOut, type Sink } from './fan-out.ts'

/** Pipelines by name that the same receiver feeds. */
export class Branches implements Sink {
  #pipelines: ReadonlyMap<string, Sink>
  #feederWaits: boolean
  #all: Sink

  /** @param feederWaits see {@link fanOut} */
  constructor(pipelines: ReadonlyMap<string, Sink>, feederWaits: boolean) {
    this.#pipelines = pipelines
    this.#feederWaits = feederWaits
    this.#all = fanOut([...pipelines.values()], feederWaits)
  }

  /** Whether all of `names` are there; without names it is for those that are. */
  hasAll(names: readonly string[] | undefined): boolean {
    return names === undefined || names.every(name => this.#pipelines.has(name))
  }

  hasRoom(): boolean {
    return this.#all.hasRoom()
  }

  push(batch: Batch): void {
    this.#all.push(batch)
  }

  /**
   * Gives a block to those of `names`, all unless told. `onSettled` gets the worst outcome, and which handed it back;
   * undefined where all there are did.
   */
  pushTo(
    names: readonly string[] | undefined,
    origin: Origin,
    block: Block,
    onSettled: (outcome: Outcome, nackedBy: readonly string[] | undefined) => void,
    token?: SettlementToken
  ): void {
    const nackedBy: string[] = []
    const chosen = [...this.#pipelines].filter(([name]) => names?.includes(name) ?? true)
    const told = chosen.map(([name, pipeline]) => telling(pipeline, () => nackedBy.push(name)))
    const isAll = () => nackedBy.length === this.#pipelines.size
    const settle = (outcome: Outcome) => onSettled(outcome, isAll() ? undefined : nackedBy)
    const batch = Batch.of(origin, block, settle, undefined, token)
    fanOut(told, this.#feederWaits).push(batch)
  }
}

/** `sink`, with `onNacked` told of what it hands back. */
function telling(sink: Sink, onNacked: () => void): Sink {
  return {
    hasRoom: () => sink.hasRoom(),
    push(batch) {
      const settle = (outcome: Outcome) => {
        if (outcome.status === 'nacked') onNacked()
        batch.settle(outcome)
      }
      sink.push(Batch.derive([batch], batch.block, settle))
    }
  }
}
