import { writeFileSync } from 'node:fs'
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

export interface Prometheus {
  readonly pid: number
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** An instant query: labels and value of each result. @param time Unix ms */
  query(promql: string, time: number): Promise<{ metric: Record<string, string>; value: number }[]>
  /** Its own metrics, as it exposes them. */
  metrics(): Promise<string>
  stop(): Promise<void>
}

/**
 * Scrapes nothing; takes remote write.
 *
 * @param path from {@link prometheusProgram} @param settings YAML, beside `global`
 */
export async function startPrometheus(path: string, settings = ''): Promise<Prometheus> {
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const args = (folder: string) => {
    const config = join(folder, 'prometheus.yml')
    writeFileSync(config, `global: {}\n${settings}`)
    return [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--web.enable-remote-write-receiver'
    ]
  }
  const { pid, stop } = await startServer({ path, args, health: `${url}/-/ready` })
  return {
    pid,
    url,
    stop,
    query: async (promql, time) => {
      const response = await fetch(
        `${url}/api/v1/query?${new URLSearchParams({ query: promql, time: String(time / 1000) })}`
      )
      const { data } = (await response.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] }
      }
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    metrics: async () => (await fetch(`${url}/metrics`)).text()
  }
}
