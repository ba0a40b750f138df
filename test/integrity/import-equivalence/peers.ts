import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { etsyStatsd } from '../../servers/etsy-statsd.ts'
import { freePort } from '../../servers/free-port.ts'
import { type ServerProcess, startServer } from '../../servers/process.ts'
import { requireProgram } from '../../servers/program.ts'

export type Tool = 'otelcol' | 'vmagent' | 'statsd'

/** It logs by a function that Node has no longer. */
const LOG = 'data:text/javascript,import util from "node:util"; util.log = () => {}'
/** The folder of otelcol and vmagent, if they are not in the PATH. */
const { PEERS_FOLDER: folder } = process.env

/** The place at which a tool listens, and the one it writes to. */
export interface Place {
  readonly port: number
  /** URL of remote write, or `host:port` of Graphite. */
  readonly target: string
}

/** The path of a tool, or why it is not there. */
export async function toolPath(tool: Tool): Promise<{ path: string; skip: string | false }> {
  if (tool === 'statsd') return etsyStatsd
  const hint =
    'Give its folder by PEERS_FOLDER. otelcol needs the receiver otlp, the processors interval and metricstransform, and the exporter prometheusremotewrite.'
  return requireProgram({ binary: tool, hint, ...(folder === undefined ? {} : { folder }) })
}

/** Starts a tool with its configuration. */
export function startTool(tool: Tool, program: string, config: string, place: Place): Promise<ServerProcess> {
  const starts = { otelcol: startCollector, vmagent: startVmagent, statsd: startStatsd }
  return starts[tool](program, config, place)
}

async function startCollector(program: string, config: string, { port }: Place): Promise<ServerProcess> {
  return startServer({
    path: program,
    args: async folder => ['--config', await written(folder, 'otelcol.yaml', config)],
    health: () => isOpen(port)
  })
}

async function startVmagent(program: string, config: string, { port, target }: Place): Promise<ServerProcess> {
  return startServer({
    path: program,
    args: async folder => [
      `-httpListenAddr=127.0.0.1:${port}`,
      `-remoteWrite.url=${target}`,
      `-remoteWrite.streamAggr.config=${await written(folder, 'rules.yaml', config)}`,
      `-remoteWrite.tmpDataPath=${path.join(folder, 'queue')}`,
      '-remoteWrite.flushInterval=200ms'
    ],
    health: `http://127.0.0.1:${port}/health`
  })
}

async function startStatsd(program: string, config: string): Promise<ServerProcess> {
  const management = await freePort()
  const whole = config.replace('{', `{ mgmt_address: '127.0.0.1', mgmt_port: ${management}, title: false, `)
  return startServer({
    path: process.execPath,
    args: async folder => ['--import', LOG, path.join(program, 'stats.js'), await written(folder, 'config.js', whole)],
    health: () => isOpen(management)
  })
}

async function written(folder: string, name: string, text: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  return file
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('close', () => socket.destroy())
    socket.once('connect', () => socket.end())
  })
}
