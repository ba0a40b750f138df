import type { EventMatcher, EventStore, LatestEvent } from '../event-queries/event-store.ts'
import { TENANT } from '../model/tenant.ts'
import type { Expr, VectorSelector } from '../promql/ast.ts'
import { METRIC_NAME } from '../promql/labels.ts'
import { childrenOf } from '../promql/walk.ts'
import { labelName } from '../wire/prometheus/label-names.ts'
import { EXEMPLAR_EVENT, SERIES_PREFIX } from '../wire/remote-write/exemplars.ts'
import type { RequiredLabels } from './requests.ts'

/** Newest ones of each selector. A chart has no room for more. */
const MOST_EXEMPLARS = 1000
/** The label of a series that names its tenant. Of an event it is an attribute, as its sender cannot set it. */
const TENANT_LABEL = labelName(TENANT, 'UnderscoreEscapingWithSuffixes')

/** Of a series, as `/api/v1/query_exemplars` has them. Times are Unix s. */
interface SeriesExemplars {
  readonly seriesLabels: Record<string, string>
  readonly exemplars: { readonly labels: Record<string, string>; readonly value: string; readonly timestamp: number }[]
}

/** Exemplars of the series that the selectors of `expr` match, which receivers have made events of. */
export async function exemplarsAnswer(
  store: EventStore | undefined,
  { expr, start, end }: { readonly expr: Expr; readonly start: number; readonly end: number },
  required: RequiredLabels,
  signal: AbortSignal
): Promise<SeriesExemplars[]> {
  const bySeries = new Map<string, SeriesExemplars>()
  const own = required.map(([name, value]): EventMatcher => ({ name, op: '=', value }))
  const seen = new Set<string>()
  for (const selector of selectorsIn(expr)) {
    const matchers = [...matchersOf(selector), ...own]
    // The end of a range belongs to it, unlike that of events.
    const scope = { start, end: end + 1, matchers, limit: MOST_EXEMPLARS }
    for (const event of (await store?.latest(scope, signal)) ?? []) {
      if (!seen.has(event.key)) add(bySeries, event)
      seen.add(event.key)
    }
  }
  for (const { exemplars } of bySeries.values()) exemplars.sort((a, b) => a.timestamp - b.timestamp)
  return [...bySeries.values()]
}

function* selectorsIn(expr: Expr): Generator<VectorSelector> {
  if (expr.type === 'vectorSelector') yield expr
  for (const child of childrenOf(expr)) yield* selectorsIn(child)
}

function matchersOf({ matchers }: VectorSelector): EventMatcher[] {
  const attributeOf = (label: string) => (label === TENANT_LABEL ? TENANT : SERIES_PREFIX + label)
  const ofSeries = matchers.map(({ name, op, value }) => ({ name: attributeOf(name), op, value }))
  return [{ name: METRIC_NAME, op: '=', value: EXEMPLAR_EVENT }, ...ofSeries]
}

function add(bySeries: Map<string, SeriesExemplars>, { timeMs, value, attributes }: LatestEvent): void {
  const ofSeries = new Map<string, string>()
  const own = new Map<string, string>()
  for (const [name, text] of Object.entries(attributes)) {
    if (name.startsWith(SERIES_PREFIX)) ofSeries.set(name.slice(SERIES_PREFIX.length), text)
    else if (name !== TENANT) own.set(name, text)
  }
  if (Object.hasOwn(attributes, TENANT)) ofSeries.set(TENANT_LABEL, attributes[TENANT])
  const key = JSON.stringify([...ofSeries].sort())
  // A label may have any name, also __proto__, which an assignment would lose.
  const [seriesLabels, labels] = [Object.fromEntries(ofSeries), Object.fromEntries(own)]
  let series = bySeries.get(key)
  if (series === undefined) bySeries.set(key, (series = { seriesLabels, exemplars: [] }))
  series.exemplars.push({ labels, value: String(value), timestamp: timeMs / 1000 })
}
