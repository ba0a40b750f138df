import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startServer } from './process.ts'
import { requireProgram } from './program.ts'

export const victoriaMetricsProgram = () =>
  requireProgram({
    binary: 'victoria-metrics',
    debianPackage: 'victoria-metrics',
    hint: 'On Debian: apt-get install victoria-metrics; elsewhere: https://github.com/VictoriaMetrics/VictoriaMetrics/releases'
  })

const RELEASE = 'v1.151.0'

/** A release that takes zstd; Debian's is from before that. Its build takes a minute, once for a machine. */
export const recentVictoriaMetricsProgram = () =>
  requireProgram({
    binary: 'victoria-metrics',
    folder: join(tmpdir(), `weir-victoria-metrics-${RELEASE}`),
    goPackage: `github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@${RELEASE}`,
    hint: 'With Go, from https://go.dev/dl, these tests build it.'
  })

/** As `/api/v1/export` has it; a value that JSON cannot carry is null. */
export interface ExportedSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly (number | null)[]
  /** Unix ms */
  readonly timestamps: readonly number[]
}

export interface VictoriaMetrics {
  readonly pid: number
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Makes what was written visible to queries. */
  flush(): Promise<void>
  /** Stored raw samples of the series `match` selects, sorted by labels. */
  exportSeries(match: string): Promise<ExportedSeries[]>
  /** An instant query: labels and value of each result. @param time Unix ms */
  query(promql: string, time: number): Promise<{ metric: Record<string, string>; value: number }[]>
  /** Its own metrics, as it exposes them. */
  metrics(): Promise<string>
  stop(): Promise<void>
}

const END_OF_TIME = '2100-01-01T00:00:00Z'

/** @param path from {@link victoriaMetricsProgram} @param port to listen on, a free one if not given */
export async function startVictoriaMetrics(path: string, port?: number): Promise<VictoriaMetrics> {
  const address = `127.0.0.1:${port ?? (await freePort())}`
  const url = `http://${address}`
  const args = (folder: string) => [
    `-storageDataPath=${folder}`,
    `-httpListenAddr=${address}`,
    '-retentionPeriod=100y',
    '-dedup.minScrapeInterval=1ms',
    '-search.latencyOffset=0s',
    '-search.disableCache'
  ]
  const { pid, stop } = await startServer({ path, args, health: `${url}/health` })
  return {
    pid,
    url,
    stop,
    flush: async () => void (await get(`${url}/internal/force_flush`)),
    exportSeries: async match =>
      // Ends of windows that a stop has sent are still to come; by default it goes up to now.
      parseExport(await get(`${url}/api/v1/export?${new URLSearchParams({ 'match[]': match, end: END_OF_TIME })}`)),
    query: async (promql, time) => {
      const search = new URLSearchParams({ query: promql, time: String(time / 1000), nocache: '1' })
      const { data } = JSON.parse(await get(`${url}/api/v1/query?${search}`))
      return data.result.map(({ metric, value }: QueryResult) => ({ metric, value: Number(value[1]) }))
    },
    metrics: () => get(`${url}/metrics`)
  }
}

interface QueryResult {
  readonly metric: Record<string, string>
  readonly value: readonly [number, string]
}

async function get(url: string): Promise<string> {
  const response = await fetch(url)
  const text = await response.text()
  if (!response.ok) throw new Error(`GET ${url}: ${response.status} ${text}`)
  return text
}

function parseExport(lines: string): ExportedSeries[] {
  const series = lines
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as ExportedSeries)
  return series.sort((a, b) => (JSON.stringify(a.metric) < JSON.stringify(b.metric) ? -1 : 1))
}
