import { type Attributes, findAttribute, NO_ATTRIBUTES } from '../attributes.ts'
import type { EventBlock } from '../events.ts'
import type { Temporality } from '../series.ts'
import type { Series } from '../series-table/series-table.ts'
import { compileCondition, type Predicate } from './condition.ts'
import type { Conditions, ItemKind, MatchConfig } from './config.ts'

/** The properties of an item that conditions test. */
export interface MatchedItem {
  readonly name: string
  readonly kind: ItemKind
  readonly temporality: Temporality
  readonly attributes: Attributes
  readonly resource: Attributes
}

/** The answers of a {@link MatchConfig}. No answer depends on values or times. */
export interface Match {
  /** Computed each time: keep the answer in a `SeriesMemo`, beside other facts about the series. */
  series(series: Series): boolean
  /** @param i row of the block */
  event(block: EventBlock, i: number): boolean
  item(item: MatchedItem): boolean
}

/** `config` is as `matchSchema` and `checkMatch` let it through. */
export function compileMatch(config: MatchConfig): Match {
  const compiled = (Array.isArray(config) ? config : [config]).map(compileConditions)
  return {
    series({ metric, attributes, resource }) {
      for (const holds of compiled)
        if (holds(metric.name, metric.kind, metric.temporality, attributes, resource.attributes)) return true
      return false
    },
    event({ name, attributes }, i) {
      for (const holds of compiled)
        if (holds(name[i], 'event', 'unspecified', attributes[i], NO_ATTRIBUTES)) return true
      return false
    },
    item({ name, kind, temporality, attributes, resource }) {
      for (const holds of compiled) if (holds(name, kind, temporality, attributes, resource)) return true
      return false
    }
  }
}

type Holds = (
  name: string,
  kind: ItemKind,
  temporality: Temporality,
  attributes: Attributes,
  resource: Attributes
) => boolean

function compileConditions(conditions: Conditions): Holds {
  const named = conditions.name === undefined ? undefined : compileCondition(conditions.name)
  const kinds = setOf(conditions.kind)
  const temporalities = setOf(conditions.temporality)
  const wanted = Object.entries(conditions.attributes ?? {}).map(([key, condition]): [string, Predicate] => [
    key,
    compileCondition(condition)
  ])
  return (name, kind, temporality, attributes, resource) => {
    if (kinds !== undefined && !kinds.has(kind)) return false
    if (temporalities !== undefined && !temporalities.has(temporality)) return false
    if (named !== undefined && !named(name)) return false
    for (const [key, holds] of wanted) {
      // OpenTelemetry has no null attributes: one is as good as missing.
      const value = findAttribute(attributes, key) ?? findAttribute(resource, key) ?? undefined
      if (!holds(value)) return false
    }
    return true
  }
}

const setOf = <T>(one: T | readonly T[] | undefined): ReadonlySet<T> | undefined =>
  one === undefined ? undefined : new Set<T>(Array.isArray(one) ? one : [one as T])
