import { attributesKey } from '../../core/model/attributes.ts'
import { DerivedSeries, NOT_DERIVED } from '../../core/model/derived-series.ts'
import { matchBound } from '../../core/model/matching/bound.ts'
import { MEMO_BYTES } from '../../core/model/matching/linear-regex.ts'
import { Selection } from '../../core/model/select.ts'
import { SERIES_MEMO_BYTES } from '../../core/model/series-memo.ts'
import type { IdColumn } from '../../core/model/series-table/id-column.ts'
import {
  type Attributes,
  type Block,
  type Context,
  type EventBlock,
  type Explanation,
  type MapProcessor,
  type NamedSeries,
  NO_ATTRIBUTES,
  type PointBlock,
  type Resource,
  type Series
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Draft } from './draft.ts'
import { compileStatement, type Step } from './statements.ts'

/** Resources made here and shared by their series. */
const MOST_RESOURCES = 4096
/** With attributes of some hundred letters. */
const BYTES_PER_RESOURCE = 1000

export function memoryBound({ statements }: Config): number {
  let bytes = 2 * SERIES_MEMO_BYTES + MOST_RESOURCES * BYTES_PER_RESOURCE
  for (const { match, relabel } of statements) bytes += matchBound(match) + (relabel?.length ?? 1) * MEMO_BYTES
  return bytes
}

/** Does its statements to every series once, and to every event. */
export class Transform implements MapProcessor {
  #context: Context
  #steps: readonly Step[]
  /** Without those that are dropped. */
  #results = new DerivedSeries(series => this.#transform(series))
  /** By result, the series that became it first. */
  #firsts: IdColumn
  #resources = new Map<string, Resource>()
  #selection = new Selection()
  #hasWarned = false
  #collisions: { add(series: number): void }

  constructor({ statements }: Config, context: Context) {
    this.#context = context
    this.#firsts = context.series.idColumn(NOT_DERIVED)
    this.#steps = statements.map(compileStatement)
    this.#collisions = context.instruments.counter(
      'collisions_total',
      'Cumulative series and gauges that became the same series as another.'
    )
  }

  explain(series: NamedSeries): Explanation {
    const { name, kind, temporality, attributes, resource } = series
    const draft = new Draft(name, kind, temporality, attributes, resource)
    if (!this.#run(draft)) return { fate: 'dropped', why: 'relabel_dropped: a rule of relabel drops it' }
    if (draft.name === name && draft.attributes === attributes && draft.resource === resource)
      return { fate: 'passes', why: 'no statement changes it' }
    const output = { ...series, name: draft.name, attributes: draft.attributes, resource: draft.resource }
    return { fate: 'changes', why: 'statements change its name or labels', outputs: [output] }
  }

  process(block: Block): Block {
    this.#selection.begin(block.length)
    const changed = block.type === 'points' ? this.#points(block) : this.#events(block)
    const left = block.length - this.#selection.length
    if (left > 0) this.#context.account.drop('relabel_dropped', left)
    return this.#selection.of(changed)
  }

  #points(block: PointBlock): Block {
    const { series } = block
    const ids = new Uint32Array(block.length)
    let isSame = true
    for (let i = 0; i < block.length; i++) {
      const result = this.#results.idOf(series, i)
      const isDropped = result === NOT_DERIVED
      if (!isDropped) this.#selection.add(i)
      ids[i] = isDropped ? series.ids[i] : result
      isSame &&= ids[i] === series.ids[i]
    }
    return isSame ? block : { ...block, series: series.with(ids) }
  }

  #events(block: EventBlock): Block {
    const name: string[] = []
    const attributes: Attributes[] = []
    let isSame = true
    for (let i = 0; i < block.length; i++) {
      const draft = new Draft(block.name[i], 'event', 'unspecified', block.attributes[i], NO_ATTRIBUTES)
      if (this.#run(draft)) this.#selection.add(i)
      isSame &&= draft.name === block.name[i] && draft.attributes === block.attributes[i]
      name.push(draft.name)
      attributes.push(draft.attributes)
    }
    return isSame ? block : { ...block, name, attributes }
  }

  #run(draft: Draft): boolean {
    for (const step of this.#steps) if (!step(draft)) return false
    return true
  }

  #transform(series: Series): number {
    const { metric, attributes, resource, scope } = series
    const draft = new Draft(metric.name, metric.kind, metric.temporality, attributes, resource.attributes)
    if (!this.#run(draft)) return NOT_DERIVED
    const renamed = draft.name === metric.name ? metric : { ...metric, name: draft.name }
    const result = this.#context.series.idOf(renamed, draft.attributes, this.#resource(resource, draft), scope)
    if (metric.temporality !== 'delta') this.#watch(series.id, result)
    return result
  }

  // One object for each resource, so that its key is worked out once.
  #resource(resource: Resource, { resource: attributes }: Draft): Resource {
    if (attributes === resource.attributes) return resource
    const key = attributesKey(attributes)
    const known = this.#resources.get(key)
    if (known !== undefined) return known
    if (this.#resources.size === MOST_RESOURCES) this.#resources.clear()
    const made = { ...resource, attributes }
    this.#resources.set(key, made)
    return made
  }

  /** Two series written to one make nonsense of it, unless they are increments. */
  #watch(series: number, result: number): void {
    const first = this.#firsts.get(result)
    if (first === series) return
    if (!this.#results.isFrom(first, result)) return this.#firsts.set(result, series)
    this.#collisions.add(1)
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#context.log.warn(
      { metric: this.#context.series.metricOf(result).name },
      'two series became one that is not made of increments: their values now overwrite each other'
    )
  }
}
