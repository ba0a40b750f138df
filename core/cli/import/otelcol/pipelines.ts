import type { Draft, Section } from '../draft.ts'
import type { Options } from '../options.ts'
import { withoutTwin } from './hints.ts'
import { type Imported, plainType, type Signal } from './twin.ts'

export interface PipelineParts {
  /** Undefined: the component has no twin. */
  component(section: Section, id: string, signal: Signal): Imported | undefined
  /** The user's own comment above a pipeline. */
  commentOn(path: readonly string[]): string | undefined
}

interface Plan {
  readonly id: string
  readonly name: string
  readonly signal: Signal
  readonly receivers: { readonly id: string; readonly processors: readonly string[] }[]
  readonly processors: string[]
  readonly exporters: { readonly id: string; readonly processors: readonly string[] }[]
  /** Connectors that take its output, and those that it takes from. */
  readonly to: string[]
  readonly from: string[]
}

/** The pipelines of a Collector. */
export class PipelineImport {
  readonly #draft: Draft
  readonly #pipelines: Options
  readonly #connectors: Options
  readonly #parts: PipelineParts

  constructor(draft: Draft, pipelines: Options, connectors: Options, parts: PipelineParts) {
    this.#draft = draft
    this.#pipelines = pipelines
    this.#connectors = connectors
    this.#parts = parts
  }

  run(): void {
    const plans = this.#pipelines.keys.flatMap(id => this.#plan(id))
    for (const plan of plans) this.#connect(plan, plans)
    for (const plan of plans) this.#write(plan)
  }

  #plan(id: string): Plan[] {
    const [signal, ...rest] = id.split('/')
    const options = this.#pipelines.at(id)
    if (signal !== 'metrics' && signal !== 'logs') {
      this.#draft.note(this.#draft.pipelines, `${id} has no twin: Weir takes metrics and logs.`)
      return []
    }
    const name = [signal, ...rest].join('_').replaceAll(/[^\w.-]/g, '_')
    const isConnector = (component: string) => this.#connectors.has(component)
    const plan: Plan = { id, name, signal, receivers: [], processors: [], exporters: [], to: [], from: [] }
    for (const receiver of options.texts('receivers')) {
      if (isConnector(receiver)) plan.from.push(receiver)
      else {
        const found = this.#parts.component('receivers', receiver, signal)
        for (const own of found?.ids ?? []) plan.receivers.push({ id: own, processors: found!.processors })
      }
    }
    for (const processor of options.texts('processors'))
      plan.processors.push(...(this.#parts.component('processors', processor, signal)?.ids ?? []))
    for (const exporter of options.texts('exporters')) {
      if (isConnector(exporter)) plan.to.push(exporter)
      else {
        const found = this.#parts.component('exporters', exporter, signal)
        for (const own of found?.ids ?? []) plan.exporters.push({ id: own, processors: found!.processors })
      }
    }
    return [plan]
  }

  /** `forward` is a pipeline that receives from others; other connectors have no twin. */
  #connect(plan: Plan, plans: readonly Plan[]): void {
    for (const connector of plan.from) {
      const type = plainType(connector)
      const sources = plans.filter(({ to }) => to.includes(connector))
      if (type === 'forward')
        for (const source of sources) plan.receivers.push({ id: `pipeline/${source.name}`, processors: [] })
      else if (type === 'count')
        this.#draft.note(
          this.#draft.pipelines,
          `The connector ${connector} has no twin: a pipeline with items: [events] and a windowed_counter counts events by their names and attributes.`
        )
      else this.#draft.note(this.#draft.pipelines, withoutTwin('connector', connector, type))
    }
  }

  #write(plan: Plan): void {
    const { id, name, signal, receivers, exporters } = plan
    this.#draft.keepComment(this.#draft.pipelines, this.#parts.commentOn([id]))
    const isSource = this.#hasFollower(plan)
    if (receivers.length === 0 || (exporters.length === 0 && !isSource)) {
      const missing = receivers.length === 0 ? 'receivers' : 'exporters'
      this.#draft.break(this.#draft.pipelines, `The pipeline ${id} is left out: none of its ${missing} has a twin.`)
      return
    }
    const items = signal === 'logs' ? { items: ['events'] } : {}
    const plain = exporters.filter(({ processors }) => processors.length === 0).map(one => one.id)
    const changed = exporters.filter(({ processors }) => processors.length > 0)
    // Processors before one exporter alone need a pipeline of their own, if there are others.
    const isAlone = changed.length === 1 && plain.length === 0 && !isSource
    const before = this.#sources(plan)
    this.#draft.addPipeline(name, {
      ...items,
      receivers: before.receivers,
      processors: [...before.processors, ...plan.processors, ...(isAlone ? changed[0].processors : [])],
      exporters: isAlone ? [changed[0].id] : plain
    })
    if (isAlone) return
    for (const [i, exporter] of changed.entries())
      this.#draft.addPipeline(`${name}_to_${i + 1}`, {
        ...items,
        receivers: [`pipeline/${name}`],
        processors: exporter.processors,
        exporters: [exporter.id]
      })
  }

  /** Receivers; one with processors of its own gets a pipeline, if there are others. */
  #sources({ name, receivers }: Plan): { receivers: string[]; processors: readonly string[] } {
    if (receivers.length === 1) return { receivers: [receivers[0].id], processors: receivers[0].processors }
    const own = receivers.map(({ id, processors }) => {
      if (processors.length === 0) return id
      const inner = `${name}_${id.replaceAll(/[^\w.-]/g, '_')}`
      this.#draft.addPipeline(inner, { receivers: [id], processors, exporters: [] })
      return `pipeline/${inner}`
    })
    return { receivers: own, processors: [] }
  }

  #hasFollower({ to }: Plan): boolean {
    return to.some(connector => plainType(connector) === 'forward' && this.#isReceived(connector))
  }

  #isReceived(connector: string): boolean {
    return this.#pipelines.keys.some(id => this.#pipelines.at(id).texts('receivers').includes(connector))
  }
}
