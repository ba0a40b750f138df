/** One panel of a dashboard. */
export interface Panel {
  readonly name: string
  /** @param range of range selectors */
  query(range: string): string
}

/** What a dashboard shows. */
export interface View {
  readonly name: string
  readonly lengthS: number
  readonly stepS: number
  readonly range: string
}

/** With steps as Grafana makes them for 240 to 360 points. */
export const VIEWS: readonly View[] = [
  { name: '1 h', lengthS: 3600, stepS: 15, range: '5m' },
  { name: '24 h', lengthS: 86_400, stepS: 300, range: '5m' },
  { name: '30 d', lengthS: 30 * 86_400, stepS: 7200, range: '4h' }
]

const REQUESTS = 'http_requests_total'

/** All of them are of the metrics of `samples.ts`. */
export const PANELS: readonly Panel[] = [
  { name: 'rates by route', query: range => `sum by (route) (rate(${REQUESTS}[${range}]))` },
  { name: 'rates by status', query: range => `sum by (status) (rate(${REQUESTS}[${range}]))` },
  {
    name: 'ratio of errors',
    query: range => `sum(rate(${REQUESTS}{status=~"5.."}[${range}])) / sum(rate(${REQUESTS}[${range}]))`
  },
  { name: 'increase', query: range => `sum(increase(${REQUESTS}{route="/r1"}[${range}]))` },
  { name: 'busiest routes', query: range => `topk(5, sum by (route) (rate(${REQUESTS}[${range}])))` },
  { name: 'slow routes of one instance', query: range => `rate(${REQUESTS}{instance="i1"}[${range}]) > 0.9` },
  { name: 'gauge, sum by queue', query: () => 'sum by (queue) (queue_size)' },
  { name: 'gauge, average', query: () => 'avg(queue_size)' },
  { name: 'gauge, highest', query: range => `max by (queue) (max_over_time(queue_size[${range}]))` },
  {
    name: 'quantile of averages',
    query: range => `quantile by (queue) (0.95, avg_over_time(queue_size[${range}]))`
  },
  { name: 'quantiles over time', query: range => `quantile_over_time(0.9, queue_size{queue="q1"}[${range}])` },
  {
    name: 'join with versions',
    query: range =>
      `sum by (version) (sum by (instance) (rate(${REQUESTS}[${range}])) * on (instance) group_left (version) build_info)`
  }
]

export interface Store {
  readonly name: string
  /** Asked for answers that may be kept, and for others. Without `/api/v1`. */
  readonly urls: Readonly<Record<'cached' | 'cold', string>>
  /** More parameters of requests that are to be answered anew. */
  readonly cold: Readonly<Record<string, string>>
}

/** ms until the answer was there. @param endS Unix s @throws if it is an error, or has no series */
export async function ask(
  store: Store,
  kind: 'cached' | 'cold',
  panel: Panel,
  view: View,
  endS: number
): Promise<number> {
  const query = panel.query(view.range)
  const body = new URLSearchParams({
    query,
    start: String(endS - view.lengthS),
    end: String(endS),
    step: String(view.stepS),
    ...(kind === 'cold' ? store.cold : {})
  })
  const begun = performance.now()
  const response = await fetch(`${store.urls[kind]}/api/v1/query_range`, { method: 'POST', body })
  const text = await response.text()
  const took = performance.now() - begun
  if (response.status !== 200) throw new Error(`${store.name}: ${query}: ${text.slice(0, 500)}`)
  if (text.includes('"result":[]')) throw new Error(`${store.name}: ${query} has no result`)
  return took
}
