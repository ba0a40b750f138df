import type { Batch } from '../../batch/batch.ts'
import type { Processor } from '../../plugin/contract.ts'
import { BatchStage } from './batch-stage.ts'
import { MapStage } from './map-stage.ts'
import { OperatorStage } from './operator-stage.ts'
import type { Stage, StageHost } from './stage.ts'

/** The stage for a processor, by its methods. */
export function buildStage(processor: Processor, host: StageHost, output: (batch: Batch) => void): Stage {
  if ('process' in processor) return new MapStage(processor, host, output)
  if ('receive' in processor) return new BatchStage(processor, host, output)
  return new OperatorStage(processor, host, output)
}
