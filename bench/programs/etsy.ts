import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import path from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../../test/servers/free-port.ts'
import { requireNpmPackage } from '../../test/servers/npm-package.ts'
import { ProgramProcess } from './process.ts'
import type { Program, Setup } from './program.ts'

const VERSION = '0.9.0'
const ADDRESS = '127.0.0.1'
/** It logs by a function that Node has no longer. */
const LOG = 'data:text/javascript,import util from "node:util"; util.log = () => {}'
/** Datagrams that wait in the kernel are read after so long. */
const CAUGHT_UP_MS = 2000

/** Etsy's server, the npm package statsd. It sends its windows nowhere. */
export const etsyStatsd: Program = {
  name: 'statsd (Etsy)',
  version: async () => ((await requireNpmPackage('statsd', VERSION)).skip === false ? VERSION : undefined),
  does: ({ scenario }) => scenario === 'statsd',
  start: async ({ folder, windowSeconds }: Setup) => {
    const { path: program } = await requireNpmPackage('statsd', VERSION)
    const [port, managementPort] = [await freePort(), await freePort()]
    const file = path.join(folder, 'statsd.js')
    const addresses = { address: ADDRESS, port, mgmt_address: ADDRESS, mgmt_port: managementPort }
    const settings = { ...addresses, backends: [], title: false, flushInterval: windowSeconds * 1000 }
    writeFileSync(file, JSON.stringify(settings))
    const command = [process.execPath, '--import', LOG, path.join(program, 'stats.js'), file]
    return {
      process: await ProgramProcess.start(command, folder, () => isUp(managementPort)),
      otlpUrl: '',
      remoteWriteUrl: '',
      statsdPort: port,
      temporality: 'delta',
      caughtUp: () => setTimeout(CAUGHT_UP_MS),
      drained: async () => {},
      mustBeExact: false,
      checkBooks: async () => {},
      sums: () => []
    }
  }
}

async function isUp(managementPort: number): Promise<boolean> {
  const socket = connect(managementPort, ADDRESS)
  socket.end('health\n')
  return (await text(socket).catch(() => '')).startsWith('health: up')
}
