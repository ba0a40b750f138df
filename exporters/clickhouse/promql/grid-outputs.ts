import { type Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import type { GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import { boundText } from '../../../core/wire/prometheus/bounds.ts'
import { FORM_LABELS } from './forms.ts'
import type { NativeColumns } from './native-reader.ts'
import type { NumberedSeries } from './numbered-series.ts'
import { RecentlyUsed } from './recently-used.ts'
import { Selector } from './selector.ts'
import type { FoundSeries } from './series-index.ts'

/** Series that a query of a grid has as its result. */
export interface GridOutputs extends NumberedSeries {
  /** By the numbers of series. */
  readonly labels: readonly Labels[]
  /** Stored series that are one to PromQL, by their ids: the first of them stands for all. Without those that are alone. */
  readonly sameAs: ReadonlyMap<bigint, bigint>
  /** True if each of `labels` is several series, told apart by the column `bound`, their label `le`. */
  readonly hasBounds: boolean
}

const BOUND_LABEL = FORM_LABELS.bucket!
/** Functions whose results keep the metric's name. */
const NAMED: ReadonlySet<GridFunction> = new Set(['last', 'last_over_time'])
/** Groupings of the same series that are remembered. */
const MOST_KNOWN = 8

/** What holds of series, whatever is asked of them. */
interface SeriesFacts {
  readonly ids: readonly bigint[]
  readonly sameAs: ReadonlyMap<bigint, bigint>
  /** True if one is there twice. */
  readonly isTwice: boolean
  /** True if series of several metrics are the same without their names. */
  readonly clashes: boolean
  /** By what is asked; `none` if there is no result. */
  readonly outputs: RecentlyUsed<GridOutputs | 'none'>
}

/** By the series, which are the same object for the same query. */
const known = new WeakMap<readonly FoundSeries[], SeriesFacts>()

/**
 * The result's label sets: of the series, or of their groups. Undefined if series of one metric or several would become
 * the same: then it is for the engine to say so.
 */
export function gridOutputs(series: readonly FoundSeries[], request: GridRequest): GridOutputs | undefined {
  const { func, aggregate } = request
  const key = JSON.stringify([NAMED.has(func), aggregate?.grouping, aggregate?.without])
  const facts = known.get(series) ?? factsOf(series)
  known.set(series, facts)
  const outputs = facts.outputs.get(key) ?? makeOutputs(series, facts, request) ?? 'none'
  facts.outputs.set(key, outputs, 1)
  return outputs === 'none' ? undefined : outputs
}

function factsOf(series: readonly FoundSeries[]): SeriesFacts {
  // Then series stay different without their name.
  const haveOneName = series.every(({ name }) => name === series[0].name)
  const sameAs = new Map<bigint, bigint>()
  const firstOf = new Map<string, bigint>()
  const nameless = new Set<string>()
  for (const one of series) {
    const { key } = haveOneName ? one.nameless : one.labels
    const first = firstOf.get(key)
    if (first !== undefined) sameAs.set(one.id, first)
    else firstOf.set(key, one.id)
    if (first === undefined && !haveOneName) nameless.add(one.nameless.key)
  }
  const ids = series.map(({ id }) => id)
  const clashes = !haveOneName && nameless.size < firstOf.size
  return { ids, sameAs, isTwice: new Set(ids).size < ids.length, clashes, outputs: new RecentlyUsed(MOST_KNOWN) }
}

function makeOutputs(
  series: readonly FoundSeries[],
  { ids, sameAs, isTwice, clashes }: SeriesFacts,
  { func, aggregate }: GridRequest
): GridOutputs | undefined {
  const hasBounds = series[0].form === 'bucket'
  const keepsName = NAMED.has(func)
  if (isTwice || (clashes && !keepsName)) return undefined
  if (hasBounds && !keepsLabel(aggregate, BOUND_LABEL)) return undefined
  const outputs = new Map<string, number>()
  const labels: Labels[] = []
  const numbers = new Uint32Array(series.length)
  const { keyOf, labelsOf } = groupingOf(aggregate)
  const hasName = keepsName && (aggregate === undefined || keepsLabel(aggregate, METRIC_NAME))
  for (const [i, one] of series.entries()) {
    const own = hasName ? one.labels : one.nameless
    const key = keyOf(own)
    let output = outputs.get(key)
    if (output === undefined) {
      output = labels.push(labelsOf(own)) - 1
      outputs.set(key, output)
    }
    numbers[i] = output
  }
  return { labels, ids, numbers, sameAs, hasBounds }
}

/** The labels of each row of a result; undefined for those that do not match. */
export function outputLabels(
  { labels, hasBounds }: GridOutputs,
  block: NativeColumns,
  { matchers }: GridRequest
): (row: number) => Labels | undefined {
  const outputs = block.numbers('output')
  if (!hasBounds) return row => labels[outputs[row]]
  const selector = new Selector(matchers)
  const bounds = block.numbers('bound')
  return row => {
    const bound = boundText(bounds[row])
    return selector.matchesLabel(BOUND_LABEL, bound) ? labels[outputs[row]].with([[BOUND_LABEL, bound]]) : undefined
  }
}

function keepsLabel(aggregate: GridRequest['aggregate'], label: string): boolean {
  return aggregate === undefined || aggregate.grouping.includes(label) !== aggregate.without
}

/** The labels of a series' group, and a key that only series of the group have. */
function groupingOf(aggregate: GridRequest['aggregate']) {
  if (aggregate === undefined) return { keyOf: (own: Labels) => own.key, labelsOf: (own: Labels) => own }
  const { grouping, without } = aggregate
  if (without) {
    const names = new Set([...grouping, METRIC_NAME])
    return { keyOf: (own: Labels) => own.without(names).key, labelsOf: (own: Labels) => own.without(names) }
  }
  const names = new Set(grouping)
  // Most series are not the first of their group, whose labels are made once.
  return { keyOf: (own: Labels) => keyOfValues(own, grouping), labelsOf: (own: Labels) => own.only(names) }
}

function keyOfValues(labels: Labels, names: readonly string[]): string {
  let key = ''
  for (const name of names) {
    const value = labels.get(name)
    key += `${value.length}:${value}`
  }
  return key
}
