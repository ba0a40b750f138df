import { PIPELINE_PREFIX } from '../../config/graph.ts'
import { describeError } from '../../errors.ts'
import { attributeText } from '../../model/attributes.ts'
import type { NamedSeries } from '../../model/named-series.ts'
import { redacted } from '../../model/secret-names.ts'
import type { Component } from '../../pipeline/graph/component.ts'
import type { Pipeline } from '../../pipeline/graph/pipeline.ts'
import { type Topology, typesOf } from '../../pipeline/graph/topology.ts'
import type { Explanation, Inspectable } from '../../plugin/inspection.ts'

/** A rule may make many series of one. */
const MOST_ENTRIES = 50
/** Series that are followed from one component to the next. */
const MOST_FOLLOWED = 500

/** A series for people, without secrets. */
export interface ShownSeries {
  readonly name: string
  readonly kind: string
  readonly temporality: string
  readonly attributes: Readonly<Record<string, string>>
  readonly resource: Readonly<Record<string, string>>
}

/** The way of a series through one pipeline. */
export interface PipelineTrace {
  readonly pipeline: string
  /** Receivers and pipelines that it may come from. */
  readonly from: readonly string[]
  readonly stages: readonly StageTrace[]
}

/** The fates of all series that came of it, in one component. */
export interface StageTrace {
  readonly kind: string
  readonly id: string
  readonly entries: readonly EntryTrace[]
  /** Further ones that are left out. */
  readonly more: number
}

/** The fate of one or more series. */
export interface EntryTrace {
  readonly series: readonly ShownSeries[]
  readonly fate: Explanation['fate']
  readonly why: string
  readonly outputs: readonly ShownSeries[]
  readonly places: readonly string[]
}

/**
 * The way of a series, or of events, through all pipelines that take it.
 * @param sources receivers that it comes from; none if that is not known
 */
export function trace(series: NamedSeries, topology: Topology, sources: ReadonlySet<string>): PipelineTrace[] {
  const incoming = new Map<string, { readonly from: string[]; readonly series: readonly NamedSeries[] }>()
  const type = series.kind === 'event' ? 'events' : 'points'
  for (const pipeline of topology.pipelines) {
    const receivers = pipeline.config.receivers.filter(id => !id.startsWith(PIPELINE_PREFIX))
    const known = receivers.filter(id => sources.size === 0 || sources.has(id))
    const from = known.filter(id => typesOf(id, pipeline, topology).has(type))
    if (from.length > 0) incoming.set(pipeline.name, { from, series: [series] })
  }
  const traces: PipelineTrace[] = []
  // Each comes after those it takes from.
  for (const pipeline of topology.pipelines) {
    const came = incoming.get(pipeline.name)
    if (came === undefined) continue
    const { stages, outputs } = throughPipeline(came.series, pipeline, topology)
    traces.push({ pipeline: pipeline.name, from: came.from, stages })
    const source = PIPELINE_PREFIX + pipeline.name
    for (const next of topology.pipelines.filter(({ config }) => config.receivers.includes(source))) {
      const others = incoming.get(next.name) ?? { from: [], series: [] }
      incoming.set(next.name, { from: [...others.from, source], series: [...others.series, ...outputs] })
    }
  }
  return traces
}

export function shown({ name, kind, temporality, attributes, resource }: NamedSeries): ShownSeries {
  const texts = (pairs: typeof attributes) =>
    Object.fromEntries(redacted(pairs).map(([key, value]) => [key, attributeText(value)]))
  return { name, kind, temporality, attributes: texts(attributes), resource: texts(resource) }
}

function throughPipeline(series: readonly NamedSeries[], pipeline: Pipeline, topology: Topology) {
  const stages: StageTrace[] = []
  let left = series
  for (const { component, processor } of pipeline.processors) {
    const { stage, outputs } = throughComponent(left, component, processor)
    stages.push(stage)
    left = outputs
  }
  const exporters = topology.exporters.filter(({ component }) => pipeline.config.exporters.includes(component.id))
  for (const { component, exporter } of exporters) stages.push(throughComponent(left, component, exporter).stage)
  return { stages: stages.filter(({ entries }) => entries.length > 0), outputs: left }
}

function throughComponent(series: readonly NamedSeries[], { kind, id }: Component, instance: Inspectable) {
  const explained = series.map(one => ({ one, explanation: explain(one, kind, instance) }))
  const entries = entriesOf(explained.slice(0, MOST_ENTRIES))
  const outputs = explained
    .flatMap(({ one, explanation: { fate, outputs: made = [] } }) => (fate === 'passes' ? [one] : made))
    .slice(0, MOST_FOLLOWED)
  return { stage: { kind, id, entries, more: Math.max(0, explained.length - MOST_ENTRIES) }, outputs }
}

/** Series of one fate are one entry. */
function entriesOf(explained: readonly { one: NamedSeries; explanation: Explanation }[]): EntryTrace[] {
  const entries = new Map<string, EntryTrace & { readonly series: ShownSeries[] }>()
  for (const { one, explanation } of explained) {
    const { fate, why, outputs = [], places = [] } = explanation
    const rest = { fate, why, outputs: outputs.slice(0, MOST_ENTRIES).map(shown), places }
    const key = JSON.stringify(rest)
    const known = entries.get(key)
    if (known !== undefined) known.series.push(shown(one))
    else entries.set(key, { series: [shown(one)], ...rest })
  }
  return [...entries.values()]
}

function explain(series: NamedSeries, kind: Component['kind'], instance: Inspectable): Explanation {
  try {
    const explanation = instance.explain?.(series)
    if (explanation !== undefined) return explanation
  } catch (error) {
    return { fate: 'passes', why: `it failed to tell: ${describeError(error)}` }
  }
  return kind === 'exporter'
    ? { fate: 'stored', why: 'it does not tell where' }
    : { fate: 'passes', why: 'it tells nothing about single series' }
}
