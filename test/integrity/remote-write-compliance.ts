// Prometheus's own tests for receivers of remote write, against a running Weir: `npm run remote-write-compliance`.
// They are built by Go, which takes some minutes the first time.
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { ProgramProcess } from '../../bench/programs/process.ts'
import { freePort } from '../servers/free-port.ts'

/** https://github.com/prometheus/compliance/tree/main/remotewrite/receiver */
const MODULE = 'github.com/prometheus/compliance/remotewrite/receiver@v0.0.0-20260806071727-67b8327a2e93'
const MAIN = path.join(import.meta.dirname, '../../bin/weir.js')
const RESULT = /^ *--- (PASS|FAIL|SKIP): (\S+)/gm

const folder = await mkdtemp(path.join(os.tmpdir(), 'weir-compliance-'))
try {
  const { Dir } = JSON.parse(run('go', ['mod', 'download', '-json', MODULE], folder))
  const program = path.join(folder, 'compliance.test')
  run('go', ['test', '-c', '-o', program, '.'], Dir)
  const [endpoint, admin] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  await writeFile(path.join(folder, 'weir.yaml'), weirConfig(endpoint, admin))
  const command = [process.execPath, MAIN, 'run', '--config', path.join(folder, 'weir.yaml')]
  const weir = await ProgramProcess.start(command, folder, `http://${admin}/readyz`)
  try {
    await writeFile(path.join(folder, 'prometheus.yml'), prometheusConfig(endpoint))
    report(program)
  } finally {
    await weir.stop()
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

function report(program: string): void {
  const env = { ...process.env, PROMETHEUS_RW2_COMPLIANCE_CONFIG_FILE: path.join(folder, 'prometheus.yml') }
  const { stdout } = spawnSync(program, ['-test.v'], { cwd: folder, env, encoding: 'utf8', maxBuffer: 2 ** 28 })
  const results = [...stdout.matchAll(RESULT)].map(([, result, name]) => ({ result, name }))
  for (const { result, name } of results) if (result !== 'PASS') console.log(`${result} ${name}`)
  const passed = results.filter(({ result }) => result === 'PASS').length
  console.log(`${passed} of ${results.length} tests pass`)
  process.exitCode = passed > 0 && passed === results.length ? 0 : 1
}

function run(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (error !== undefined) throw new Error(`${program} does not run: ${error.message}`)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}

function weirConfig(endpoint: string, admin: string): string {
  return `
receivers: { prometheus_remote_write: { endpoint: "${endpoint}" } }
exporters: { debug: { verbosity: none } }
service:
  admin: { endpoint: "${admin}" }
  pipelines:
    points: { receivers: [prometheus_remote_write], exporters: [debug] }
    exemplars: { items: [events], receivers: [prometheus_remote_write], exporters: [debug] }
`
}

function prometheusConfig(endpoint: string): string {
  return `
remote_write:
  - name: weir
    url: http://${endpoint}/api/v1/write
    protobuf_message: io.prometheus.write.v2.Request
`
}
