import type { ComponentConfig, ResolvedConfig } from '../../config/resolved.ts'
import type { Stateful } from '../../plugin/contract.ts'
import type { BuiltProcessor, Pipeline } from '../graph/pipeline.ts'
import type { Services } from '../graph/services.ts'
import { trialOf } from '../graph/trial.ts'
import { type Change, isSame } from './diff.ts'

/** State on its way from the processors that were to those that will be, by `pipeline/processor`. */
export class StateTransfer {
  #states = new Map<string, Uint8Array>()

  /** The change of each processor of `pipeline`. Processors that cannot hand over their state will send it. */
  judge(pipeline: Pipeline, next: ResolvedConfig, services: Services): Change[] {
    return pipeline.processors.map(built => {
      const { component, entry, processor } = built
      const isThere = next.service.pipelines[pipeline.name]?.processors.includes(component.id)
      const successor = isThere ? next.components.processor.get(component.id) : undefined
      const isStateful = processor.snapshot !== undefined
      const carried = successor !== undefined && isStateful ? carry(built, successor, services) : undefined
      component.isLeaving = carried === undefined
      if (successor === undefined) return { component: component.name, outcome: 'removed' }
      if (carried !== undefined) return { component: component.name, outcome: 'state kept', ...carried }
      return {
        component: component.name,
        outcome: isStateful ? 'reset' : isSame(entry, successor) ? 'kept' : 'replaced'
      }
    })
  }

  /**
   * Call once the pipeline has finished. If it could not (`isFinished`), processors that leave have not emitted their
   * state.
   */
  take({ name, processors }: Pipeline, isFinished: boolean): void {
    for (const { component, processor, stage } of processors) {
      const key = `${name}/${component.id}`
      // Includes state given to a successor that has emitted it since: the way back must not emit it again.
      if (component.isLeaving && isFinished) this.#states.delete(key)
      else if (processor.snapshot !== undefined) this.#states.set(key, processor.snapshot())
      if (stage.held?.isEmpty === false) this.#states.set(`${key} held`, stage.held.release())
    }
  }

  /** Call before the pipeline is opened. */
  give({ name, processors }: Pipeline): void {
    for (const { component, processor, stage } of processors) {
      const key = `${name}/${component.id}`
      const state = this.#states.get(key)
      if (state !== undefined) processor.restore!(state)
      const held = this.#states.get(`${key} held`)
      if (held !== undefined) stage.held?.restore(held)
    }
  }
}

/** The part of the state that is not kept (`reset`), if any, when `successor` takes it over. Undefined if it cannot. */
function carry(
  { entry, processor }: BuiltProcessor,
  successor: ComponentConfig,
  services: Services
): Pick<Change, 'reset'> | undefined {
  if (isSame(entry, successor)) return {}
  try {
    if (understands(trialOf(successor, services), processor.snapshot!())) return {}
    const reset = processor.keepFor?.(trialOf(successor, services))
    return reset === undefined ? undefined : { reset }
  } catch {
    // One that cannot be created says so when it takes its place.
    return undefined
  }
}

function understands(trial: Stateful, state: Uint8Array): boolean {
  try {
    trial.restore!(state)
    return true
  } catch {
    return false
  }
}
