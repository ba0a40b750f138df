import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import path from 'node:path'
import type { TestContext } from 'node:test'
import { EXIT } from '../../core/cli/exit-codes.ts'
import type { Kind } from '../../core/plugin/contract.ts'
import { eventually } from '../e2e/eventually.ts'
import { deltaRequest, postOtlp } from '../e2e/otlp-requests.ts'
import type { Weir } from '../e2e/weir-process.ts'
import { type InstalledPackage, succeeded } from './installed-package.ts'

const NODE = path.dirname(process.execPath)
const WEIR = 'node_modules/.bin/weir'
/** A class of this name alone would be one of the SDK. */
const NAMES: Readonly<Record<Kind, string>> = {
  receiver: 'auto_retry',
  processor: 'point_block_2',
  exporter: 'export',
  extension: 'context'
}
/** Options of `weir plugin check`, as the scripts of package.json have them. */
const OPTIONS: Readonly<Record<Kind, readonly string[]>> = {
  receiver: ['--options', 'port: 0'],
  processor: [],
  exporter: ['--options', 'url: http://127.0.0.1:1', '--unreachable'],
  extension: ['--options', 'url: http://127.0.0.1:1']
}

/** Makes a plugin, and does all that its README says; then installs it as a package. */
export async function checkNewPlugin(t: TestContext, weir: InstalledPackage, kind: Kind): Promise<void> {
  const type = NAMES[kind]
  const folder = type.replaceAll('_', '-')
  const run = (program: string, ...args: string[]) => weir.run(NODE, program, ...args)
  assert.match(succeeded(await run(WEIR, 'plugin', 'new', kind, type)), new RegExp(`^${kind} ${type} is in ${folder};`))
  assert.match(succeeded(await run('npm', 'test', '--prefix', folder)), /✔ is well formed[\s\S]*ℹ fail 0\n/)
  succeeded(await weir.compile(folder))
  assert.match(succeeded(await run(WEIR, 'validate', `${folder}/${folder}.yaml`)), /^pipeline /)
  const checked = await run(WEIR, 'plugin', 'check', `${folder}/${folder}.ts`, ...OPTIONS[kind])
  assert.match(succeeded(checked), /^keeps \d+ rules$/m)
  assert.equal(checked.stderr, '')

  await weir.installPackageOf(folder, `weir-plugin-${folder}-0.1.0.tgz`)
  const packed = await run(WEIR, 'plugin', 'check', `weir-plugin-${folder}`, ...OPTIONS[kind])
  assert.match(succeeded(packed), new RegExp(`^${kind} ${type}\n`))
  await runs[kind](t, weir, await readFile(weir.path(folder, `${folder}.yaml`), 'utf8'), folder)
}

/** Its configuration, with real data; ports are left to the kernel. */
const runs: Readonly<
  Record<Kind, (t: TestContext, weir: InstalledPackage, yaml: string, folder: string) => Promise<void>>
> = {
  async receiver(t, installed, yaml, folder) {
    const weir = await started(t, installed, folder, yaml.replace('2003', '0'))
    const [, port] = /Graphite on 127\.0\.0\.1:(\d+)/.exec(weir.stdout)!
    connect(Number(port), '127.0.0.1').end('shop.visits 7 1700000000\n')
    await eventually('the point', () => /shop\.visits.* 7\b/.test(weir.stderr))
    await stopped(weir)
  },
  async processor(t, installed, yaml, folder) {
    const weir = await started(t, installed, folder, yaml)
    const [name, time, value] = ['requests', Date.now(), 1]
    const points = ['/cart', '/healthz'].map(route => ({ name, attributes: { route }, time, value }))
    assert.equal((await postOtlp(weir.otlp, deltaRequest(points))).status, 200)
    await weir.assertLedger({ 'processor point_block_2': { health_check: 1 } })
    await stopped(weir)
  },
  async exporter(t, installed, yaml, folder) {
    const { url, bodies } = await backend(t)
    const weir = await started(t, installed, folder, yaml.replace('https://hooks.example.com/weir', url))
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(weir.events, { method: 'POST', headers, body: '{"name":"signup"}' })
    assert.ok(response.ok, await response.text())
    await eventually('the event', () => bodies.some(body => body.includes('"signup"')))
    await stopped(weir)
  },
  async extension(t, installed, yaml, folder) {
    const { url, bodies } = await backend(t)
    const weir = await started(t, installed, folder, yaml.replace('https://watchdog.example.com/weir', url))
    await eventually('a call', () => bodies.length > 0)
    await stopped(weir)
  }
}

async function started(t: TestContext, installed: InstalledPackage, folder: string, yaml: string): Promise<Weir> {
  const config = yaml
    .replace('\n  otlp:\n', '\n  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }\n')
    .replace('\n  http:\n', '\n  http: { endpoint: 127.0.0.1:0 }\n')
    .replace('\n  debug:\n', '\n  debug: { verbosity: detailed }\n')
    .replace('\nservice:\n', '\nservice:\n  admin: { endpoint: 127.0.0.1:0 }\n')
  await installed.write({ [`${folder}/run.yaml`]: config })
  return installed.start(t, NODE, `${folder}/run.yaml`)
}

async function stopped(weir: Weir): Promise<void> {
  assert.deepEqual(await weir.stop(), { code: EXIT.ok, signal: null })
}

/** A server that keeps the bodies it gets. */
async function backend(t: TestContext): Promise<{ readonly url: string; readonly bodies: string[] }> {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    bodies.push(body)
    response.end()
  }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies }
}
