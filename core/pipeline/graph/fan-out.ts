import { Batch, type Origin, type Outcome } from '../../batch/batch.ts'
import { ACKED, Settlement, type SettlementToken } from '../../batch/settlement.ts'
import { WeirError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import type { ItemType } from '../../plugin/contract.ts'

/** A consumer of batches: a sending queue, a pipeline, or several of them. */
export interface Sink {
  /**
   * True if everything behind it has room for another batch.
   * @param block of the batch. Undefined: any
   */
  hasRoom(block?: Block): boolean
  /** Takes the handle over. Never throws. */
  push(batch: Batch): void
  /** A batch of `source` was refused before it got here. */
  inputRefused?(source: string): void
}

/** Nacks a batch in front of `sink`, which is told so. */
export function refuse(batch: Batch, sink: Pick<Sink, 'inputRefused'> | undefined, error: Error): void {
  sink?.inputRefused?.(batch.origin.source)
  batch.nack(error)
}

/**
 * Gives a batch to each of `sinks`, or to none: if one is full the batch is nacked before any other has it, or its
 * sender's second try would count twice there. With a journal nothing is nacked any more: the feeder waits for room
 * (`feederWaits`), and all of an entry is taken, though a queue may run over by it.
 */
export function fanOut(sinks: readonly Sink[], feederWaits: boolean): Sink {
  const hasRoom = (block?: Block) => sinks.every(sink => sink.hasRoom(block))
  const inputRefused = (source: string) => {
    for (const sink of sinks) sink.inputRefused?.(source)
  }
  return {
    hasRoom,
    inputRefused,
    push(batch) {
      if (!feederWaits && !hasRoom(batch.block)) return refuse(batch, { inputRefused }, isFull())
      if (sinks.length === 1) return sinks[0].push(batch)
      const branches = batch.fork(sinks.length)
      for (let i = 0; i < sinks.length; i++) sinks[i].push(branches[i])
    }
  }
}

/** A pipeline that a receiver feeds with the types of items that it takes. */
export interface FedPipeline {
  readonly sink: Sink
  readonly takes: ReadonlySet<ItemType>
}

/** Pipelines by name that the same receiver feeds. */
export class ReceiverFanOut implements Sink {
  #pipelines: ReadonlyMap<string, FedPipeline>
  #feederWaits: boolean
  #all: Sink
  #byType: Readonly<Record<ItemType, Sink>>

  /** @param feederWaits see {@link fanOut} */
  constructor(pipelines: ReadonlyMap<string, FedPipeline>, feederWaits: boolean) {
    this.#pipelines = pipelines
    this.#feederWaits = feederWaits
    const all = [...pipelines.values()]
    const sinks = (fed: readonly FedPipeline[]) =>
      fanOut(
        fed.map(({ sink }) => sink),
        feederWaits
      )
    const taking = (type: ItemType) => sinks(all.filter(({ takes }) => takes.has(type)))
    this.#all = sinks(all)
    this.#byType = { points: taking('points'), events: taking('events') }
  }

  /**
   * True if all pipelines called `names` are there and take items of `type`. A batch without names is for the pipelines
   * that are there: one of them is enough.
   */
  hasAll(names: readonly string[] | undefined, type: ItemType): boolean {
    const taken = names ?? [...this.#pipelines.keys()]
    const isTaking = (name: string) => this.#pipelines.get(name)?.takes.has(type) ?? false
    return names === undefined ? taken.some(isTaking) : taken.every(isTaking)
  }

  hasRoom(block?: Block): boolean {
    return this.#all.hasRoom(block)
  }

  inputRefused(source: string): void {
    this.#all.inputRefused?.(source)
  }

  push(batch: Batch): void {
    this.#byType[batch.block.type].push(batch)
  }

  /**
   * Gives a block to the pipelines called `names`, or to all.
   * @param onSettled gets the worst outcome, and the pipelines that nacked the block; undefined if all of them did
   */
  pushTo(
    names: readonly string[] | undefined,
    origin: Origin,
    block: Block,
    onSettled: (outcome: Outcome, nackedBy: readonly string[] | undefined) => void,
    token?: SettlementToken
  ): void {
    const nackedBy: string[] = []
    const settle = (outcome: Outcome) => onSettled(outcome, nackedBy.length === taking.length ? undefined : nackedBy)
    const taking = [...this.#pipelines].filter(([, { takes }]) => takes.has(block.type))
    const chosen = taking.filter(([name]) => names?.includes(name) ?? true)
    const settlement = new Settlement(origin, settle, { token })
    settlement.add(chosen.length)
    settlement.close(ACKED)
    const isRefused = !this.#feederWaits && !chosen.every(([, { sink }]) => sink.hasRoom(block))
    for (const [name, { sink }] of chosen) {
      const settleOne = (outcome: Outcome) => {
        if (outcome.status === 'nacked') nackedBy.push(name)
        settlement.close(outcome)
      }
      const branch = Batch.on(new Settlement(origin, settleOne, { up: [settlement] }), block)
      if (isRefused) refuse(branch, sink, isFull())
      else sink.push(branch)
    }
  }
}

const isFull = () =>
  new WeirError(
    'QUEUE_FULL',
    'the queue of an exporter is full, or windows end faster than they are sent; try again later'
  )
