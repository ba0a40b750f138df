import { type Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import type { GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import { boundText } from '../../../core/wire/prometheus/bounds.ts'
import { FORM_LABELS } from './forms.ts'
import type { NativeColumns } from './native-reader.ts'
import { RecentlyUsed } from './recently-used.ts'
import { Selector } from './selector.ts'
import type { FoundSeries } from './series-index.ts'

/** Series that a query of a grid has as its result. */
export interface GridOutputs {
  readonly labels: readonly Labels[]
  /** The index of each stored series in `labels`. */
  readonly outputOf: ReadonlyMap<bigint, number>
  /** Stored series that are one to PromQL, by their ids: the first of them stands for all. Without those that are alone. */
  readonly sameAs: ReadonlyMap<bigint, bigint>
  /** True if each of `labels` is several series, told apart by the column `bound`, their label `le`. */
  readonly hasBounds: boolean
}

const BOUND_LABEL = FORM_LABELS.bucket!
/** Functions whose results keep the metric's name. */
const NAMED: ReadonlySet<GridFunction> = new Set(['last', 'last_over_time'])
/** Groupings of the same series that are remembered. */
const MOST_KNOWN = 4

/** By the series, which are the same object for the same query; `none` if there is no result. */
const known = new WeakMap<readonly FoundSeries[], RecentlyUsed<GridOutputs | 'none'>>()

/**
 * The result's label sets: of the series, or of their groups. Undefined if series of one metric or several would become
 * the same: then it is for the engine to say so.
 */
export function gridOutputs(series: readonly FoundSeries[], request: GridRequest): GridOutputs | undefined {
  const { func, aggregate } = request
  const key = JSON.stringify([NAMED.has(func), aggregate?.grouping, aggregate?.without])
  const ofSeries = known.get(series) ?? new RecentlyUsed(MOST_KNOWN)
  known.set(series, ofSeries)
  const outputs = ofSeries.get(key) ?? makeOutputs(series, request) ?? 'none'
  ofSeries.set(key, outputs, 1)
  return outputs === 'none' ? undefined : outputs
}

function makeOutputs(series: readonly FoundSeries[], { func, aggregate }: GridRequest): GridOutputs | undefined {
  const hasBounds = series[0].form === 'bucket'
  if (hasBounds && !keepsLabel(aggregate, BOUND_LABEL)) return undefined
  const keepsName = NAMED.has(func)
  const outputs = new Map<string, number>()
  const labels: Labels[] = []
  const outputOf = new Map<bigint, number>()
  const sameAs = new Map<bigint, bigint>()
  const firstOf = new Map<string, bigint>()
  const ownKeys = new Set<string>()
  const resultOf = groupLabels(aggregate)
  const name = series[0].labels.get(METRIC_NAME)
  // Then series stay different without their name.
  const haveOneName = series.every(({ labels }) => labels.get(METRIC_NAME) === name)
  for (const one of series) {
    const { key } = haveOneName ? one.nameless : one.labels
    const first = firstOf.get(key)
    if (first !== undefined) sameAs.set(one.id, first)
    else firstOf.set(key, one.id)
    const own = keepsName ? one.labels : one.nameless
    if (!haveOneName && first === undefined && ownKeys.has(own.key)) return undefined
    if (!haveOneName) ownKeys.add(own.key)
    const result = resultOf(own)
    let output = outputs.get(result.key)
    if (output === undefined) {
      output = labels.push(result) - 1
      outputs.set(result.key, output)
    }
    outputOf.set(one.id, output)
  }
  return { labels, outputOf, sameAs, hasBounds }
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

function groupLabels(aggregate: GridRequest['aggregate']): (labels: Labels) => Labels {
  if (aggregate === undefined) return labels => labels
  const { grouping, without } = aggregate
  const names = new Set(without ? [...grouping, METRIC_NAME] : grouping)
  return labels => (without ? labels.without(names) : labels.only(names))
}
