import type { Batch } from '../../batch/batch.ts'
import type { ComponentConfig } from '../../config/resolved.ts'
import type { PipelineConfig } from '../../config/service.ts'
import { WeirError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import type { Processor } from '../../plugin/contract.ts'
import type { Account } from '../../telemetry/account.ts'
import { buildStage } from '../stage/build-stage.ts'
import type { Stage } from '../stage/stage.ts'
import type { Component } from './component.ts'
import { fanOut, type Sink } from './fan-out.ts'
import type { Services } from './services.ts'

/** A processor without its stage. The stage is made once the consumer of its batches is known. */
export interface PipelinePart {
  readonly component: Component
  readonly entry: ComponentConfig
  readonly processor: Processor
}

export interface BuiltProcessor extends PipelinePart {
  readonly stage: Stage
}

/** Processors in a row, between a feeder and a sink. */
export class Pipeline implements Sink {
  readonly name: string
  readonly config: PipelineConfig
  readonly processors: readonly BuiltProcessor[]
  #sink: Sink = fanOut([], false)
  #isFinished = false
  #first: (batch: Batch) => void

  constructor(name: string, config: PipelineConfig, parts: readonly PipelinePart[], services: Services) {
    this.name = name
    this.config = config
    const processors: BuiltProcessor[] = []
    let next = (batch: Batch) => this.#sink.push(batch)
    for (const part of parts.toReversed()) {
      const { received, sent } = part.component.edges
      const output = next
      const stage = buildStage(part.processor, part.component.stageHost(services), batch => {
        sent.pass(batch.block)
        output(batch)
      })
      processors.unshift({ ...part, stage })
      next = batch => {
        received.pass(batch.block)
        pushParts(batch, stage, part.component.account)
      }
    }
    this.processors = processors
    this.#first = next
  }

  /** Sends its output to `sink` from now on. */
  connect(sink: Sink): void {
    this.#sink = sink
  }

  hasRoom(block?: Block): boolean {
    return !this.#isFinished && this.processors.every(({ stage }) => stage.isReady) && this.#sink.hasRoom(block)
  }

  inputRefused(source: string): void {
    // Batches that a processor makes have its own id as their source: it makes none of what is refused.
    const sources = [source]
    for (const { stage, component } of this.processors) {
      for (const one of sources) stage.inputRefused?.(one)
      sources.push(component.id)
    }
    for (const one of sources) this.#sink.inputRefused?.(one)
  }

  push(batch: Batch): void {
    if (this.#isFinished)
      return batch.nack(new WeirError('QUEUE_FULL', `pipeline ${this.name} is being exchanged; try again later`))
    this.#first(batch)
  }

  open(): void {
    for (const { stage } of this.processors.toReversed()) stage.open()
  }

  /** Nothing comes any more. Resolves once the last processor has emitted its last batch. */
  async finish(): Promise<void> {
    this.#isFinished = true
    for (const { stage } of this.processors) await stage.finish()
  }

  /** Nacks the batches that operators still hold. */
  abandon(error: Error): void {
    for (const { stage } of this.processors) stage.abandon(error)
  }
}

/** A processor books what it does with numbers of items. So it gets those of one tenant at a time. */
function pushParts(batch: Batch, stage: Stage, account: Account): void {
  const parts = account.parts(batch.block)
  for (const part of parts === undefined ? [batch] : batch.split(parts))
    account.during(part.block, () => stage.push(part))
}
