import { partitionedReceivers, pipelinesBehind } from '../../config/partitioned.ts'
import type { ResolvedConfig } from '../../config/resolved.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { BuiltProcessor, Pipeline } from '../graph/pipeline.ts'
import type { Services } from '../graph/services.ts'
import { trialOf } from '../graph/trial.ts'
import type { BuiltService } from '../service/build.ts'
import { isReceiverKept, isSame } from './diff.ts'

/**
 * Throws `CONFIG_INVALID` if processors behind a partitioned receiver could not take up the state that they have now.
 * What they have counted could not be sent as it stands either: other processes of the group count on.
 */
export function checkTaskStates({ topology, services, tasks }: BuiltService, next: ResolvedConfig): void {
  const { receivers, pipelines } = topology
  const coming = new Set(partitionedReceivers(next).map(({ id }) => id))
  for (const built of receivers) {
    const { id } = built.entry
    if (!coming.has(id) || isReceiverKept(built, next)) continue
    const behind = pipelinesBehind(id, built.config)
    const templates = pipelines.filter(({ name }) => behind.includes(name))
    for (const pipeline of [...templates, ...(tasks?.pipelinesOf(id) ?? [])])
      for (const processor of pipeline.processors) checkState(pipeline, processor, next, services)
  }
}

function checkState({ name }: Pipeline, built: BuiltProcessor, next: ResolvedConfig, services: Services): void {
  const { component, entry, processor, stage } = built
  if (processor.snapshot === undefined && stage.held === undefined) return
  const isThere = next.service.pipelines[name]?.processors.includes(component.id)
  const successor = isThere ? next.components.processor.get(component.id) : undefined
  if (successor === undefined) throw refusal(`${component.name} is removed`)
  if (isSame(entry, successor) || processor.snapshot === undefined) return
  try {
    trialOf(successor, services).restore!(processor.snapshot())
  } catch (error) {
    throw refusal(`${component.name} cannot use its state: ${describeError(error)}`)
  }
}

const refusal = (why: string) =>
  new WeirError(
    'CONFIG_INVALID',
    `${why}; its partitions have state of it: take the change back, or stop all processes of the group, discard the state by weir kafka seek, and start them anew`
  )
