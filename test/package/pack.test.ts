import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { EXIT } from '../../core/cli/exit-codes.ts'
import { manifest, TSCONFIG } from '../../core/cli/plugin-package.ts'
import { KINDS } from '../../core/plugin/registry.ts'
import { deltaRequest, postOtlp } from '../e2e/otlp-requests.ts'
import { ROOT } from '../e2e/weir-process.ts'
import { ENGINES, InstalledPackage, RegistryUnreachable, succeeded, VERSION } from './installed-package.ts'
import { checkNewPlugin } from './new-plugin.ts'

/** Where npx finds it. */
const WEIR = 'node_modules/.bin/weir'
const OLDEST_NODE = Number(/^>=(\d+)$/.exec(ENGINES.node)![1])
const EXAMPLES = ['drop-health-checks.test.ts', 'drop-health-checks.ts', 'pace.ts', 'webhook.ts']
/** As `weir plugin new` makes them. */
const MANIFEST = { name: 'weir-plugin-pace', version: '0.1.0', ...manifest('processor', 'pace') }

/** With a plugin of TypeScript by its path and one of JavaScript by its package's name. */
const CONFIG = `
plugins: [../outside/drop-health-checks.ts, weir-plugin-pace]
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
processors: { drop_health_checks: , pace: }
exporters: { debug: { verbosity: detailed } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  workers: 2
  pipelines: { a: { receivers: [otlp], processors: [drop_health_checks, pace], exporters: [debug] } }
`

/** A store that nobody asks anything of, and its API. */
const QUERIES = `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
exporters: { clickhouse: { endpoint: http://127.0.0.1:1 } }
extensions: { query_api: { endpoint: 127.0.0.1:0, store: clickhouse } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  pipelines: { a: { receivers: [otlp], exporters: [clickhouse] } }
`

test('the npm package', async t => {
  const weir = await unlessOffline(t, InstalledPackage.install(t))
  if (weir === undefined) return

  await t.test('has no sources beside the compiled files', () => {
    const files = globSync('**/*.ts', { cwd: weir.path('node_modules/weir') })
    assert.deepEqual(
      files.filter(file => !file.endsWith('.d.ts') && !file.startsWith('docs/examples/')),
      []
    )
  })
  for (const name of EXAMPLES) await cp(path.join(ROOT, 'docs/examples', name), weir.path('plugins', name))
  await weir.write({
    'plugins/package.json': JSON.stringify({ ...MANIFEST, dependencies: { rxjs: '^7.8.2' } }),
    // The types of Weir and of its dependencies hold by themselves.
    'plugins/tsconfig.json': JSON.stringify({ compilerOptions: { ...TSCONFIG.compilerOptions, skipLibCheck: false } })
  })
  await t.test('has types that plugins compile with', async () => {
    succeeded(await weir.compile('plugins'))
  })
  for (const kind of KINDS) await t.test(`weir plugin new ${kind}`, t => checkNewPlugin(t, weir, kind))
  await installPlugins(weir)

  await t.test(`on Node ${process.version}`, t => check(t, weir, path.dirname(process.execPath)))
  await t.test(`on Node ${OLDEST_NODE}, the oldest that package.json allows`, async t => {
    const nodeFolder = await unlessOffline(t, weir.installNode(OLDEST_NODE))
    if (nodeFolder === undefined) return
    assert.match(succeeded(await weir.run(nodeFolder, 'node', '--version')), new RegExp(`^v${OLDEST_NODE}\\.`))
    await check(t, weir, nodeFolder)
  })
})

/** Skips the test if npm has no network; a failure under `CI=true`, because nobody reads skips there. */
async function unlessOffline<T>(t: TestContext, done: Promise<T>): Promise<T | undefined> {
  try {
    return await done
  } catch (error) {
    if (!(error instanceof RegistryUnreachable) || process.env.CI === 'true') throw error
    t.skip(`npm cannot install here: ${error.message}`)
    return undefined
  }
}

/** The package of a compiled plugin, one that has only TypeScript, and a file outside of the folder. */
async function installPlugins(weir: InstalledPackage): Promise<void> {
  await weir.installPackageOf('plugins', `${MANIFEST.name}-${MANIFEST.version}.tgz`)
  await weir.write({
    'weir.yaml': CONFIG,
    'queries.yaml': QUERIES,
    'uncompiled.yaml': CONFIG.replace(MANIFEST.name, 'weir-plugin-uncompiled'),
    'node_modules/weir-plugin-uncompiled/package.json': JSON.stringify({ type: 'module', exports: './pace.ts' })
  })
  await cp(weir.path('plugins/pace.ts'), weir.path('node_modules/weir-plugin-uncompiled/pace.ts'))
  await cp(weir.path('plugins/drop-health-checks.ts'), weir.outside('drop-health-checks.ts'))
}

async function check(t: TestContext, weir: InstalledPackage, nodeFolder: string): Promise<void> {
  await t.test('npx weir --version', async () => {
    const { stderr, ...ended } = await weir.run(nodeFolder, 'npx', 'weir', '--version')
    assert.equal(succeeded({ stderr, ...ended }), `${VERSION}\n`)
    assert.equal(stderr, '')
  })
  await t.test('weir validate', async () => {
    const graph = succeeded(await weir.run(nodeFolder, WEIR, 'validate', 'weir.yaml'))
    assert.match(graph, /otlp \(.*\)\n +→ drop_health_checks\n +→ pace\n +⇒ debug/)
  })
  await t.test('a package of TypeScript is refused with a reason', async () => {
    const { code, stderr } = await weir.run(nodeFolder, WEIR, 'validate', 'uncompiled.yaml')
    assert.equal(code, EXIT.invalid)
    assert.match(stderr, /uncompiled\.yaml:2:\d+: .*"weir-plugin-uncompiled": .*the package must contain JavaScript/)
  })
  await t.test('the tests of a plugin', async () => {
    const report = succeeded(await weir.run(nodeFolder, 'node', '--test', 'plugins/drop-health-checks.test.ts'))
    assert.match(report, /✔ leaves out health checks, and says how many/)
  })
  await t.test('weir run', t => checkRun(t, weir, nodeFolder))
  await t.test('the thread of queries', t => checkQueries(t, weir, nodeFolder))
}

async function checkRun(t: TestContext, installed: InstalledPackage, nodeFolder: string): Promise<void> {
  const weir = await installed.start(t, nodeFolder, 'weir.yaml')
  await assertPage(weir.admin)
  const points = ['/cart', '/healthz'].map(route => ({
    name: 'requests',
    attributes: { route },
    time: Date.now(),
    value: 1
  }))
  assert.deepEqual(await postOtlp(weir.otlp, deltaRequest(points)), { status: 200, retryAfter: null })
  await weir.assertLedger({ 'processor drop_health_checks': { health_check: 1 } })
  assert.deepEqual(await weir.stop(), { code: EXIT.ok, signal: null })
  assert.match(weir.said, /requests.*\/cart/)
  assert.doesNotMatch(weir.said, /\/healthz/)
}

async function assertPage(admin: string): Promise<void> {
  assert.match(await (await fetch(admin)).text(), /<title>Weir/)
  for (const file of ['main.js', 'style.css', 'licenses.txt'])
    assert.equal((await fetch(`${admin}/${file}`)).status, 200, file)
  const { dashboards } = (await (await fetch(`${admin}/api/dashboards`)).json()) as { dashboards: { name: string }[] }
  assert.deepEqual(
    dashboards.map(({ name }) => name),
    ['product-events', 'quickstart', 'weir']
  )
}

async function checkQueries(t: TestContext, installed: InstalledPackage, nodeFolder: string): Promise<void> {
  const weir = await installed.start(t, nodeFolder, 'queries.yaml')
  const response = await fetch(`${weir.queryApi}/api/v1/query?query=1%2B1&time=1`)
  assert.deepEqual(await response.json(), { status: 'success', data: { resultType: 'scalar', result: [1, '2'] } })
  assert.deepEqual(await weir.stop(), { code: EXIT.ok, signal: null })
}
