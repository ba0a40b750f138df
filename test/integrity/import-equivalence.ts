// Sends the same to a tool and to Weir with the imported configuration, and shows the differences in what they write:
//
//     npm run import-equivalence [-- part of a case's name]
import { writeFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { EXIT } from '../../core/cli/exit-codes.ts'
import { Sandbox } from '../e2e/weir-process.ts'
import { freePort } from '../servers/free-port.ts'
import type { EquivalenceCase } from './import-equivalence/case.ts'
import { type Compared, compareWritten } from './import-equivalence/compare.ts'
import { WINDOW_MS } from './import-equivalence/inputs.ts'
import { otelcolCases } from './import-equivalence/otelcol-cases.ts'
import { startTool, type Tool, toolPath } from './import-equivalence/peers.ts'
import { graphiteSink, remoteWriteSink } from './import-equivalence/sinks.ts'
import { statsdCases } from './import-equivalence/statsd-cases.ts'
import { vmagentCases } from './import-equivalence/vmagent-cases.ts'

/** Weir waits for late points, and for sources that are silent, two seconds each. */
const FLUSH_MS = 3 * WINDOW_MS + 4000
const FILES: Readonly<Record<Tool, string>> = { otelcol: 'theirs.yaml', vmagent: 'theirs.yaml', statsd: 'theirs.js' }

const wanted = process.argv[2] ?? ''
const cases = [...vmagentCases, ...otelcolCases, ...statsdCases].filter(({ name }) => name.includes(wanted))
let differing = 0
for (const one of cases) {
  const { path, skip } = await toolPath(one.tool)
  if (skip !== false) {
    console.log(`${one.tool}: ${one.name}: left out: ${skip}`)
    continue
  }
  const { series, values, differences } = await run(one, path)
  console.log(`${one.tool}: ${one.name}: ${series} series, ${values} values, ${differences.length} differences`)
  for (const difference of differences) console.log(`    ${difference}`)
  if (series === 0 || differences.length > 0) differing++
}
process.exitCode = differing === 0 ? 0 : 1

async function run(one: EquivalenceCase, program: string): Promise<Compared> {
  const ends: (() => unknown)[] = []
  try {
    const theirs = await (one.tool === 'statsd' ? graphiteSink() : remoteWriteSink())
    ends.push(() => theirs.stop())
    const ours = await remoteWriteSink()
    ends.push(() => ours.stop())
    const ports = [await freePort(), await freePort()]
    const place = { port: ports[0], target: theirs.target }
    const tool = await startTool(one.tool, program, one.config(place), place)
    ends.push(() => tool.stop())
    await startWeir(one, { port: ports[1], target: ours.target }, ends)
    await one.send(ports)
    await setTimeout(FLUSH_MS)
    return compareWritten(await theirs.written(), await ours.written(), one.expected)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Weir with the imported configuration, listening and writing at its own place. */
async function startWeir(one: EquivalenceCase, place: { port: number; target: string }, ends: (() => unknown)[]) {
  const sandbox = await Sandbox.open({ after: end => void ends.push(end as () => unknown) })
  const [theirs, imported] = [sandbox.path(FILES[one.tool]), sandbox.path('imported.yaml')]
  await writeFile(theirs, one.config(place))
  const { code, stderr } = await sandbox.weir('import', theirs, '--output', imported)
  if (code !== EXIT.ok) throw new Error(`weir import ended with ${code}: ${stderr}`)
  const receivers =
    one.tool === 'vmagent' ? `receivers: { prometheus_remote_write: { endpoint: "127.0.0.1:${place.port}" } }` : ''
  const overlay = `${receivers}
exporters: { victoriametrics: { endpoint: "${place.target}" } }
service: { admin: { endpoint: "127.0.0.1:0" } }
`
  return sandbox.start(overlay, '--config', imported)
}
