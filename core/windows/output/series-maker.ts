import { type Attribute, type Attributes, sortAttributes } from '../../model/attributes.ts'
import { DerivedContexts } from '../../model/derived-contexts.ts'
import type { Metric, Temporality } from '../../model/series.ts'
import { AttributeSplice } from '../../model/series-table/attribute-splice.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { PlannedOutput } from '../aggregations/plan.ts'
import { GROUP_KINDS, type GroupKind } from '../groups/group-kind.ts'
import type { Groups } from '../groups/groups.ts'
import type { OutputNames } from './output-names.ts'

/** Before the name of an attribute that the output needs itself. */
export const RENAMED = 'exported_'

export interface MadeSeries {
  readonly stream: {
    readonly temporality: Temporality
    readonly window: string
    readonly added: readonly Attribute[]
  }
  readonly planned: PlannedOutput
  readonly names: OutputNames
  /** Names of attributes that outputs need themselves. */
  readonly reserved: ReadonlySet<string>
}

/** Makes the output series of groups, for one output and one size of windows. */
export class SeriesMaker {
  readonly #groups: Groups
  readonly #table: SeriesTable
  readonly #made: MadeSeries
  readonly #added: Attributes
  readonly #splice: AttributeSplice
  /** By index of the group's kind. */
  readonly #contexts: (DerivedContexts | undefined)[] = []

  constructor(groups: Groups, table: SeriesTable, made: MadeSeries) {
    const { stream, planned, reserved } = made
    const { attribute } = planned.output
    this.#groups = groups
    this.#table = table
    this.#made = made
    this.#added = sortAttributes(attribute === undefined ? stream.added : [...stream.added, attribute])
    this.#splice = new AttributeSplice(this.#added, reserved)
  }

  /** The id of the series of a group. */
  make(slot: number): number {
    const table = this.#table
    const identity = this.#groups.identityOf(slot)
    const kind = this.#groups.kinds[slot]
    const contexts = (this.#contexts[kind] ??= this.#contextsOf(GROUP_KINDS[kind]))
    const context = contexts.of(table.contextIdOf(identity))
    const id = table.idWith(identity, context, this.#splice)
    if (id !== undefined) return id
    return table.idIn(context, this.#renamed(table.read(identity).attributes))
  }

  #contextsOf(group: GroupKind): DerivedContexts {
    return new DerivedContexts(this.#table, ({ metric, resource, scope }) => ({
      metric: this.#metric(metric, group),
      resource,
      scope
    }))
  }

  #metric(metric: Metric, group: GroupKind): Metric {
    const { stream, planned, names } = this.#made
    const { kind, unit } = planned.output.shape(metric, group)
    const name = names.of(metric.name, group, planned.aggregation, stream.window)
    return { ...metric, name, kind, unit, temporality: kind === 'gauge' ? 'unspecified' : stream.temporality }
  }

  #renamed(attributes: Attributes): Attributes {
    const { reserved } = this.#made
    const own = attributes.map(([key, value]): Attribute => [reserved.has(key) ? RENAMED + key : key, value])
    return sortAttributes([...own, ...this.#added])
  }
}
