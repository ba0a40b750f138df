import pino from 'pino'
import type { ComponentConfig, ResolvedConfig } from '../../config/resolved.ts'
import type { Processor } from '../../plugin/contract.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import type { BuiltProcessor, Pipeline } from '../build.ts'
import { Component, type Services } from '../component.ts'
import { type Change, isSame } from './plan.ts'

/** State on its way from the processors that were to those that will be, by `pipeline/processor`. */
export class CarriedStates {
  #states = new Map<string, Uint8Array>()

  /** What becomes of each processor of `pipeline`. Those that cannot hand over their state will send what they hold. */
  judge(pipeline: Pipeline, next: ResolvedConfig, services: Services): Change[] {
    return pipeline.processors.map(built => {
      const { component, entry, processor } = built
      const isThere = next.service.pipelines[pipeline.name]?.processors.includes(component.id)
      const successor = isThere ? next.components.processor.get(component.id) : undefined
      const isStateful = processor.snapshot !== undefined
      const isCarried = successor !== undefined && isStateful && canCarry(built, successor, services)
      component.isLeaving = !isCarried
      if (successor === undefined) return { component: component.name, fate: 'removed' }
      if (isCarried) return { component: component.name, fate: 'state kept' }
      return { component: component.name, fate: isStateful ? 'reset' : isSame(entry, successor) ? 'kept' : 'replaced' }
    })
  }

  /** Call once the pipeline has finished; where it could not (`isFinished`), what leaves has not put out what it holds. */
  take({ name, processors }: Pipeline, isFinished: boolean): void {
    for (const { component, processor } of processors)
      if (processor.snapshot !== undefined && !(component.isLeaving && isFinished))
        this.#states.set(`${name}/${component.id}`, processor.snapshot())
  }

  /** Call before the pipeline is opened. */
  give({ name, processors }: Pipeline): void {
    for (const { component, processor } of processors) {
      const state = this.#states.get(`${name}/${component.id}`)
      if (state !== undefined) processor.restore!(state)
    }
  }
}

/** Whether `successor` understands what this one knows. */
function canCarry({ entry, processor }: BuiltProcessor, successor: ComponentConfig, services: Services): boolean {
  if (isSame(entry, successor)) return true
  const nowhere: Services = {
    ...services,
    metrics: new Metrics(),
    routes: new Map(),
    reports: new Set(),
    announcements: []
  }
  const component = new Component('processor', successor.id, undefined, pino({ level: 'silent' }))
  try {
    const trial = successor.plugin.create(successor.config, component.context(nowhere)) as Processor
    trial.restore!(processor.snapshot!())
    return true
  } catch {
    return false
  }
}
