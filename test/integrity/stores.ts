import { type StoredPoint, seriesKey } from '../e2e/counts.ts'
import type { Prometheus } from '../servers/prometheus.ts'
import type { ExportedSeries, VictoriaMetrics } from '../servers/victoria-metrics.ts'

/** What VictoriaMetrics holds, its raw samples. */
export async function storedInVictoriaMetrics(store: VictoriaMetrics): Promise<StoredPoint[]> {
  await store.flush()
  const search = new URLSearchParams({ 'match[]': '{__name__!="target_info"}', end: '9999999999' })
  const text = await (await fetch(`${store.url}/api/v1/export?${search}`)).text()
  const exported = text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as ExportedSeries]))
  return exported.flatMap(({ metric, values, timestamps }) => {
    const { window, late } = metric
    const series = seriesKey(metric.__name__.replace(/_total$/, ''), metric)
    return values.map((value, i) => ({ series, window, late: late === 'true', time: timestamps[i], value: value! }))
  })
}

/** What Prometheus holds, its raw samples. */
export async function storedInPrometheus({ url }: Prometheus): Promise<StoredPoint[]> {
  const search = new URLSearchParams({ query: '{__name__=~"torture_.+"}[1h]', time: String(Date.now() / 1000 + 60) })
  const response = await fetch(`${url}/api/v1/query?${search}`)
  const { data } = (await response.json()) as { data: { result: readonly Raw[] } }
  return data.result.flatMap(({ metric, values }) => {
    const { window, late } = metric
    const series = seriesKey(metric.__name__.replace(/_total$/, ''), metric)
    return values.map(([seconds, value]) => ({
      series,
      window,
      late: late === 'true',
      time: Math.round(seconds * 1000),
      value: Number(value)
    }))
  })
}

interface Raw {
  readonly metric: Readonly<Record<'__name__' | string, string>>
  readonly values: readonly (readonly [seconds: number, value: string])[]
}

/** Has it merge its parts, in which samples that are there twice become one. */
export async function mergeVictoriaMetrics(store: VictoriaMetrics): Promise<void> {
  const answer = await fetch(`${store.url}/internal/force_merge`)
  if (!answer.ok) throw new Error(`force_merge: ${answer.status}`)
  for (let quiet = 0; quiet < 3; ) {
    const metrics = await (await fetch(`${store.url}/metrics`)).text()
    const active = [...metrics.matchAll(/^vm_active_(?:force_)?merges\S* (\d+)$/gm)].map(([, value]) => Number(value))
    quiet = active.every(value => value === 0) ? quiet + 1 : 0
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

interface Row {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly ms: string
  readonly value: number
}

/** What the ClickHouse inside a Weir holds. @param admin of that Weir */
export async function storedInClickHouse(admin: string): Promise<StoredPoint[]> {
  const response = await fetch(`${admin}/api/exporters/clickhouse/query?format=JSON`, {
    method: 'POST',
    body: 'SELECT name, attributes, toUnixTimestamp64Milli(time) AS ms, value FROM metrics'
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return (JSON.parse(text).data as Row[]).map(({ name, attributes, ms, value }) => {
    const { window, late } = attributes
    const series = seriesKey(name.replaceAll('.', '_'), attributes)
    return { series, window, late: late === 'true', time: Number(ms), value }
  })
}
