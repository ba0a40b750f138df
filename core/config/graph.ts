import type { ItemType, Kind, PipelineKind, Plugin, Port } from '../plugin/contract.ts'
import { KINDS, PIPELINE_KINDS } from '../plugin/registry.ts'
import type { MappingNode, YamlNode } from './document.ts'
import { given, type PipelinePorts } from './item-flow.ts'
import { type Position, type Problems, suggest } from './problems.ts'

export const PIPELINE_PREFIX = 'pipeline/'

/** The facts about a component that the checker needs. */
interface Declared {
  readonly plugin: Plugin
  readonly position: Position
}
export type Components = Readonly<Record<Kind, ReadonlyMap<string, Declared>>>

interface Reference {
  readonly id: string
  readonly position: Position
}
interface PipelineNode extends Record<PipelineKind, readonly Reference[]> {
  readonly name: string
  readonly items: readonly ItemType[] | undefined
  readonly position: Position
}
type Flow = ReadonlySet<ItemType>

/**
 * Checks the pipelines' connections: components exist, ports fit, nothing runs in a circle, each pipeline ends in an
 * exporter. Warns of components nobody uses. Works on the tree, so it also runs if other parts of the configuration are
 * wrong.
 */
export function checkGraph(root: MappingNode, components: Components, problems: Problems): void {
  const pipelines = readPipelines(root)
  const used = new Set<string>()
  for (const pipeline of pipelines.values()) {
    for (const kind of PIPELINE_KINDS) {
      for (const reference of pipeline[kind]) {
        used.add(reference.id)
        if (!isDeclared(root, kind, reference.id)) checkReference(kind, reference, pipelines, components, problems)
      }
    }
  }
  for (const reference of extensionsOf(root)) {
    used.add(`extension ${reference.id}`)
    if (!isDeclared(root, 'extension', reference.id))
      checkReference('extension', reference, pipelines, components, problems)
  }
  for (const pipeline of pipelines.values()) {
    if (pipeline.exporter.length === 0 && !used.has(PIPELINE_PREFIX + pipeline.name)) {
      problems.error(pipeline.position, `pipeline "${pipeline.name}" leads nowhere: give it exporters`)
    }
  }
  if (!reportCycles(pipelines, problems)) new PortChecker(pipelines, components, problems).run()
  for (const kind of pipelines.size > 0 ? PIPELINE_KINDS : []) {
    for (const [id, { position }] of components[kind]) {
      if (!used.has(id)) problems.warn(position, `${kind} "${id}" is not used by any pipeline`)
    }
  }
  for (const [id, { position }] of components.extension)
    if (!used.has(`extension ${id}`))
      problems.warn(position, `extension "${id}" does not run: name it in service.extensions`)
}

/** Pipelines in an order in which each comes after those it takes from. */
export function pipelineOrder(receiversOf: ReadonlyMap<string, readonly string[]>): string[] {
  const order: string[] = []
  const visit = (name: string) => {
    if (order.includes(name)) return
    for (const id of receiversOf.get(name) ?? []) {
      if (id.startsWith(PIPELINE_PREFIX)) visit(id.slice(PIPELINE_PREFIX.length))
    }
    order.push(name)
  }
  for (const name of receiversOf.keys()) visit(name)
  return order
}

function readPipelines(root: MappingNode): Map<string, PipelineNode> {
  const service = root.entries.get('service')?.node
  const node = service?.type === 'mapping' ? service.entries.get('pipelines')?.node : undefined
  const pipelines = new Map<string, PipelineNode>()
  if (node?.type !== 'mapping') return pipelines
  for (const [name, entry] of node.entries) {
    const [receiver, processor, exporter] = PIPELINE_KINDS.map(kind => references(entry.node, `${kind}s`))
    const asked = references(entry.node, 'items').map(({ id }) => id as ItemType)
    const items = asked.length > 0 ? asked : undefined
    pipelines.set(name, { name, items, position: entry.keyPosition, receiver, processor, exporter })
  }
  return pipelines
}

function extensionsOf(root: MappingNode): Reference[] {
  const service = root.entries.get('service')?.node
  return service === undefined ? [] : references(service, 'extensions')
}

function references(pipeline: YamlNode, key: string): Reference[] {
  const list = pipeline.type === 'mapping' ? pipeline.entries.get(key)?.node : undefined
  if (list?.type !== 'sequence') return []
  return list.items.flatMap(item =>
    item.type === 'scalar' && typeof item.value === 'string' ? [{ id: item.value, position: item.position }] : []
  )
}

// True also for a wrong declaration, which is reported there.
function isDeclared(root: MappingNode, kind: Kind, id: string): boolean {
  const section = root.entries.get(`${kind}s`)?.node
  return section !== undefined && (section.type !== 'mapping' || section.entries.has(id))
}

function checkReference(
  kind: Kind,
  { id, position }: Reference,
  pipelines: ReadonlyMap<string, PipelineNode>,
  components: Components,
  problems: Problems
): void {
  if (kind === 'receiver' && id.startsWith(PIPELINE_PREFIX)) {
    const name = id.slice(PIPELINE_PREFIX.length)
    if (!pipelines.has(name))
      problems.error(position, `there is no pipeline "${name}"${suggest(name, [...pipelines.keys()])}`)
    return
  }
  const elsewhere = KINDS.find(other => components[other].has(id))
  const hint =
    elsewhere === undefined
      ? suggest(id, [...components[kind].keys()])
      : `; there is ${withArticle(elsewhere)} of that name`
  problems.error(position, `${kind} "${id}" is not defined under ${kind}s${hint}`)
}

function reportCycles(pipelines: ReadonlyMap<string, PipelineNode>, problems: Problems): boolean {
  const done = new Set<string>()
  let found = false
  const visit = (name: string, trail: readonly string[]) => {
    if (done.has(name)) return
    for (const { id, position } of pipelines.get(name)?.receiver ?? []) {
      const source = id.startsWith(PIPELINE_PREFIX) ? id.slice(PIPELINE_PREFIX.length) : undefined
      if (source === undefined) continue
      const loop = [...trail, name]
      if (loop.includes(source)) {
        found = true
        const circle = [...loop.slice(loop.indexOf(source)), source].reverse()
        problems.error(position, `pipelines run in a circle: ${circle.join(' → ')}; take one of these receivers away`)
      } else visit(source, loop)
    }
    done.add(name)
  }
  for (const name of pipelines.keys()) visit(name, [])
  return found
}

class PortChecker {
  #pipelines: ReadonlyMap<string, PipelineNode>
  #components: Components
  #problems: Problems
  #outputs = new Map<string, Flow>()

  constructor(pipelines: ReadonlyMap<string, PipelineNode>, components: Components, problems: Problems) {
    this.#pipelines = pipelines
    this.#components = components
    this.#problems = problems
  }

  run(): void {
    const receiversOf = new Map(
      [...this.#pipelines].map(([name, { receiver }]) => [name, receiver.map(({ id }) => id)])
    )
    for (const name of pipelineOrder(receiversOf)) {
      const pipeline = this.#pipelines.get(name)
      if (pipeline !== undefined) this.#outputs.set(name, this.#check(pipeline))
    }
  }

  #check(pipeline: PipelineNode): Flow {
    let flow: Flow = new Set(pipeline.receiver.flatMap(source => this.#sourceFlow(source, pipeline)))
    let from = pipeline.receiver.map(({ id }) => id).join(', ')
    for (const { id, position } of pipeline.processor) {
      const plugin = this.#components.processor.get(id)?.plugin
      if (plugin?.kind !== 'processor') return new Set()
      this.#fit('processor', id, plugin.ports.in, flow, from, position)
      if (plugin.ports.out !== 'any') flow = new Set([plugin.ports.out])
      from = id
    }
    for (const { id, position } of pipeline.exporter) {
      const plugin = this.#components.exporter.get(id)?.plugin
      if (plugin?.kind === 'exporter') this.#fit('exporter', id, plugin.ports.in, flow, from, position)
    }
    return flow
  }

  #sourceFlow({ id, position }: Reference, pipeline: PipelineNode): readonly ItemType[] {
    if (id.startsWith(PIPELINE_PREFIX)) return [...(this.#outputs.get(id.slice(PIPELINE_PREFIX.length)) ?? [])]
    const plugin = this.#components.receiver.get(id)?.plugin
    if (plugin?.kind !== 'receiver') return []
    const { out } = plugin.ports
    const { items } = pipeline
    const types = given(out, items, this.#portsOf(pipeline))
    if (types.length > 0) return types
    if (items !== undefined)
      this.#problems.error(
        position,
        `receiver "${id}" brings ${[out].flat().join(', ')}, and none of ${items.join(', ')}`
      )
    // None that fits is a mistake too, which the ports tell.
    return items === undefined && typeof out !== 'string' ? out : []
  }

  #portsOf({ name, processor, exporter }: PipelineNode): PipelinePorts {
    const plugins = (kind: PipelineKind, references: readonly Reference[]) =>
      references.flatMap(({ id }) => this.#components[kind].get(id)?.plugin ?? [])
    const fed = [...this.#pipelines.values()].filter(({ receiver }) =>
      receiver.some(({ id }) => id === PIPELINE_PREFIX + name)
    )
    return {
      processors: plugins('processor', processor).flatMap(plugin => (plugin.kind === 'processor' ? plugin.ports : [])),
      exporters: plugins('exporter', exporter).flatMap(plugin => (plugin.kind === 'exporter' ? plugin.ports.in : [])),
      pipelines: fed.map(pipeline => this.#portsOf(pipeline))
    }
  }

  #fit(kind: Kind, id: string, port: Port, flow: Flow, from: string, position: Position): void {
    if (port === 'any') return
    const strange = [...flow].find(other => other !== port)
    if (strange === undefined) return
    const advice =
      strange === 'events' ? '; put a processor that makes points of events before it, such as windowed_counter' : ''
    this.#problems.error(position, `${kind} "${id}" takes ${port}, but ${from} brings ${strange}${advice}`)
  }
}

export const withArticle = (kind: Kind) => (kind.startsWith('e') ? `an ${kind}` : `a ${kind}`)
