import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { freePort } from './free-port.ts'
import { requireNpmPackage } from './npm-package.ts'
import { type ServerProcess, startServer } from './process.ts'

const NEVER_MS = 3_600_000
/** It logs by a function that Node has no longer. */
const LOG = 'data:text/javascript,import util from "node:util"; util.log = () => {}'

/** Etsy's server, the npm package statsd. */
export const etsyStatsd = await requireNpmPackage('statsd', '0.9.0')

export interface EtsyStatsd extends ServerProcess {
  /** Of UDP. */
  readonly port: number
  /** The answer to `counters`, `gauges`, `timers` or another command of its management port. */
  ask(command: string): Promise<string>
}

/** A server on the loopback interface that sends nothing anywhere. */
export async function startEtsyStatsd(): Promise<EtsyStatsd> {
  const [port, managementPort] = [await freePort(), await freePort()]
  const address = '127.0.0.1'
  const ask = (command: string) => {
    const socket = connect(managementPort, address)
    socket.end(`${command}\n`)
    return text(socket)
  }
  const settings = { address, port, mgmt_address: address, mgmt_port: managementPort, backends: [], title: false }
  const server = await startServer({
    path: process.execPath,
    args: async folder => {
      const file = path.join(folder, 'config.js')
      await writeFile(file, JSON.stringify({ ...settings, flushInterval: NEVER_MS }))
      return ['--import', LOG, path.join(etsyStatsd.path, 'stats.js'), file]
    },
    health: () =>
      ask('health').then(
        () => true,
        () => false
      )
  })
  return { ...server, port, ask }
}
