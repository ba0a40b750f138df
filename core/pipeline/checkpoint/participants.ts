import { PIPELINE_PREFIX } from '../../config/graph.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { CheckpointParticipant } from '../../plugin/contract.ts'
import type { Component } from '../graph/component.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import type { Topology } from '../graph/topology.ts'
import type { HeldState } from '../stage/stage.ts'
import type { Checkpoint } from './file.ts'

/** The parts of a topology whose state is kept. */
export interface Checkpointed extends Pick<Topology, 'pipelines' | 'exporters'> {
  readonly receivers: readonly { readonly component: Component; readonly receiver: CheckpointParticipant }[]
}

/** Participants by the names that their states have in a checkpoint. */
export type Participants = ReadonlyMap<string, CheckpointParticipant>

/**
 * Participants whose state is taken between two batches, upstream first: receivers, processors, and batches inside
 * operators.
 */
export function upstreamOf({ receivers, pipelines }: Checkpointed): Participants {
  const all = new Map<string, CheckpointParticipant>()
  for (const { component, receiver } of receivers) all.set(component.name, receiver)
  for (const { name, processors } of pipelines)
    for (const { component, processor } of processors) all.set(`${name}/${component.id}`, processor)
  for (const [name, held] of heldOf({ pipelines })) all.set(name, held)
  return statefulOf(all)
}

/** Those that are written down once everything before has left the sending queues. */
export function exportersOf({ exporters }: Checkpointed): Participants {
  return statefulOf(new Map(exporters.map(({ component, exporter }) => [component.name, exporter])))
}

/** Batches inside operators. */
export function heldOf({ pipelines }: Pick<Topology, 'pipelines'>): Map<string, HeldState> {
  const held = new Map<string, HeldState>()
  for (const { name, processors } of pipelines)
    for (const { component, stage } of processors)
      if (stage.held !== undefined) held.set(`${name}/${component.id} held`, stage.held)
  return held
}

/**
 * True if all batches inside operators can be part of a snapshot now. A batch in front of a processor with state must
 * not be inside in part: that state has the rest of it. Exporters may see a part of it again.
 */
export function isHeldWhole({ pipelines }: Pick<Topology, 'pipelines'>): boolean {
  return pipelines.every(pipeline =>
    pipeline.processors.every(
      ({ stage: { held } }, i) => held === undefined || held.areWhole || !hasStateBehind(pipeline, i, pipelines)
    )
  )
}

function hasStateBehind(pipeline: Pipeline, index: number, pipelines: readonly Pipeline[]): boolean {
  if (pipeline.processors.slice(index + 1).some(({ processor }) => processor.snapshot !== undefined)) return true
  const fed = pipelines.filter(({ config }) => config.receivers.includes(PIPELINE_PREFIX + pipeline.name))
  return fed.some(other => hasStateBehind(other, -1, pipelines))
}

function statefulOf(all: ReadonlyMap<string, CheckpointParticipant>): Participants {
  return new Map([...all].filter(([, { snapshot, restore }]) => snapshot !== undefined && restore !== undefined))
}

/** Snapshots of all, by their names. */
export function* snapshotsOf(participants: Participants): Stepwise<Map<string, Uint8Array>> {
  const snapshots = new Map<string, Uint8Array>()
  for (const [name, participant] of participants) {
    const inSteps = participant.snapshotInSteps?.()
    snapshots.set(name, inSteps === undefined ? participant.snapshot!() : yield* inSteps)
    yield
  }
  return snapshots
}

/**
 * Restores the state of participants. Throws `STATE_INVALID` if that fails, or if a participant is no longer there.
 * @param place where the checkpoint is
 * @param remedy said to users if it cannot be used
 */
export function restoreSnapshots(
  topology: Checkpointed,
  { snapshots }: Checkpoint,
  place: string,
  remedy = 'start with --discard-state to go on without it'
): void {
  const unusable = (why: string, cause?: unknown) =>
    new WeirError('STATE_INVALID', `cannot restore the checkpoint in ${place}: ${why}; ${remedy}`, { cause })
  const left = new Set(snapshots.keys())
  for (const [name, participant] of [...upstreamOf(topology), ...exportersOf(topology)]) {
    const state = snapshots.get(name)
    left.delete(name)
    if (state === undefined) continue
    try {
      participant.restore!(state)
    } catch (error) {
      throw unusable(`the state of ${name}: ${describeError(error)}`, error)
    }
  }
  if (left.size > 0) throw unusable(`it has state of ${[...left].join(', ')}, which the configuration has no longer`)
}
