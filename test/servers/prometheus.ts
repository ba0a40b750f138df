import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startServer } from './process.ts'
import { requireProgram } from './program.ts'

export const prometheusProgram = () =>
  requireProgram({
    binary: 'prometheus',
    debianPackage: 'prometheus',
    hint: 'On Debian: apt-get install prometheus; elsewhere: https://prometheus.io/download'
  })

const RELEASE = 'v0.316.0'

/** Version 3; Debian's is version 2. Its build takes ten minutes, once for a machine. */
export const recentPrometheusProgram = () =>
  requireProgram({
    binary: 'prometheus',
    folder: join(tmpdir(), `weir-prometheus-${RELEASE}`),
    goPackage: `github.com/prometheus/prometheus/cmd/prometheus@${RELEASE}`,
    hint: 'With Go, from https://go.dev/dl, these tests build it.'
  })

export interface StoredSeries {
  readonly metric: Readonly<Record<string, string>>
  readonly values: readonly number[]
  /** Unix ms */
  readonly timestamps: readonly number[]
}

export interface Prometheus {
  readonly pid: number
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** An instant query: labels and value of each result. @param time Unix ms */
  query(promql: string, time: number): Promise<{ metric: Record<string, string>; value: number }[]>
  /** Raw samples that the selector finds within five minutes. @param time Unix ms */
  samples(selector: string, time: number): Promise<StoredSeries[]>
  /** Its own metrics, as it exposes them. */
  metrics(): Promise<string>
  stop(): Promise<void>
}

/**
 * Scrapes nothing; takes remote write.
 *
 * @param path from {@link prometheusProgram} @param settings YAML, beside `global` @param flags beside the usual ones
 */
export async function startPrometheus(path: string, settings = '', flags: readonly string[] = []): Promise<Prometheus> {
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const args = (folder: string) => {
    const config = join(folder, 'prometheus.yml')
    writeFileSync(config, `global: {}\n${settings}`)
    return [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--web.enable-remote-write-receiver',
      ...flags
    ]
  }
  const { pid, stop } = await startServer({ path, args, health: `${url}/-/ready` })
  return {
    pid,
    url,
    stop,
    query: async (promql, time) => {
      const result = await instantQuery<{ value: RawSample }>(url, promql, time)
      return result.map(({ metric, value }) => ({ metric, value: numberOf(value[1]) }))
    },
    samples: async (selector, time) => {
      const result = await instantQuery<{ values: RawSample[] }>(url, `${selector}[5m]`, time)
      return result.map(({ metric, values }) => ({
        metric,
        values: values.map(([, value]) => numberOf(value)),
        timestamps: values.map(([seconds]) => Math.round(seconds * 1000))
      }))
    },
    metrics: async () => (await fetch(`${url}/metrics`)).text()
  }
}

type RawSample = readonly [seconds: number, value: string]

async function instantQuery<T>(url: string, promql: string, time: number) {
  const search = new URLSearchParams({ query: promql, time: String(time / 1000) })
  const response = await fetch(`${url}/api/v1/query?${search}`)
  const { data } = (await response.json()) as { data: { result: (T & { metric: Record<string, string> })[] } }
  return data.result
}

const numberOf = (text: string) => Number(text.replace('Inf', 'Infinity'))
