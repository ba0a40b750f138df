import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startServer } from './process.ts'
import { requireProgram } from './program.ts'

export const alertmanagerProgram = () =>
  requireProgram({
    binary: 'prometheus-alertmanager',
    debianPackage: 'prometheus-alertmanager',
    hint: 'On Debian: apt-get install prometheus-alertmanager; elsewhere: https://prometheus.io/download'
  })

export interface ReceivedAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
}

export interface Alertmanager {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** Alerts that go on, by their labels. */
  alerts(): Promise<ReceivedAlert[]>
  stop(): Promise<void>
}

const CONFIG = `
route: { receiver: nobody }
receivers: [{ name: nobody }]
`

/** @param path from {@link alertmanagerProgram} */
export async function startAlertmanager(path: string): Promise<Alertmanager> {
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const args = (folder: string) => {
    const config = join(folder, 'alertmanager.yml')
    writeFileSync(config, CONFIG)
    return [
      `--config.file=${config}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address='
    ]
  }
  const { stop } = await startServer({ path, args, health: `${url}/-/ready` })
  const alerts = async () => {
    const found = (await (await fetch(`${url}/api/v2/alerts`)).json()) as ReceivedAlert[]
    return found.sort((a, b) => (JSON.stringify(a.labels) < JSON.stringify(b.labels) ? -1 : 1))
  }
  return { url, alerts, stop }
}
