import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend, storedWindows } from './remote-write-backend.ts'
import { Sandbox } from './weir-process.ts'

const LETTERS = 3

// A processor that can be broken, in a process that hangs where a letter is to be deleted while there is a file `stuck`.
const PLUGIN = `
import { existsSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { rm } = files
files.rm = (file, options) =>
  existsSync('stuck') && String(file).endsWith('.letter') ? new Promise(() => {}) : rm(file, options)
syncBuiltinESMExports()

export default {
  api: 2,
  kind: 'processor',
  type: 'breakable',
  stability: 'development',
  description: 'Can be broken.',
  ports: { in: 'any', out: 'any' },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: { broken: { type: 'boolean', description: 'Whether it is.', default: false } }
  },
  create: ({ broken }) => ({
    process(block) {
      if (broken) throw new Error('it is broken')
      return block
    }
  })
}
`

test('kill -9 between the delivery of dead letters and their removal: they count once, and are gone', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  await writeFile(sandbox.path('breakable.mjs'), PLUGIN)
  const weir = await sandbox.start(config(backend.url, true))
  for (let i = 0; i < LETTERS; i++) {
    const point = { name: 'requests', attributes: {}, time: Date.now(), value: 10 ** i }
    assert.equal((await postOtlp(weir.otlp, deltaRequest([point]))).status, 200)
  }
  await eventually('they are dead letters', async () => (await weir.metric('weir_dead_letters')) === LETTERS)
  const mended = config(backend.url, false)
  await writeFile(sandbox.path('weir.yaml'), mended)
  const reloaded = await sandbox.weir('reload', '--admin', weir.admin)
  assert.equal(reloaded.code, 0, reloaded.stderr)
  await writeFile(sandbox.path('stuck'), '')
  const cut = sandbox.weir('dlq', 'replay', '--admin', weir.admin)
  await eventually('the first is counted', () => countedBy(backend) === 1)
  await weir.kill()
  assert.equal((await cut).code, 5)
  await rm(sandbox.path('stuck'))
  const next = await sandbox.start(mended)
  await eventually(
    'delivered dead letters are gone',
    async () => (await next.metric('weir_dead_letters')) === LETTERS - 1
  )
  const replayed = await sandbox.weir('dlq', 'replay', '--admin', next.admin)
  assert.equal(replayed.code, 0, replayed.stderr)
  assert.match(replayed.stdout, /\n2 dead letters delivered, 2 items; 0 failed\n$/)
  await eventually('all are counted', () => countedBy(backend) >= 111)
  await next.assertLedger()
  assert.deepEqual(await next.stop(), { code: 0, signal: null }, next.stderr)
  assert.equal(countedBy(backend), 111)
})

test("regression: two Weirs with one folder wrote over each other's letters", async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  await writeFile(sandbox.path('breakable.mjs'), PLUGIN)
  const shared = (journal: string) => `
${config(backend.url, false).replace('folder: ./journal', `folder: ./${journal}`)}
  dead_letters: { folder: ./shared }
`
  const first = await sandbox.start(shared('one'))
  sandbox.configFile = 'other.yaml'
  const second = await sandbox.begin(shared('two'))
  assert.deepEqual(await second.ended, { code: 3, signal: null })
  assert.match(second.stderr, /another Weir is using \.\/shared: stop it first, or give this one a folder of its own/)
  await first.kill()
  await (await sandbox.start(shared('two'))).stop()
})

function countedBy(backend: RemoteWriteBackend): number {
  const windows = storedWindows(backend.samples()).filter(({ window }) => window === '1s')
  return windows.reduce((sum, { value }) => sum + value, 0)
}

function config(url: string, broken: boolean): string {
  return `
plugins: [./breakable.mjs]
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  breakable: { broken: ${broken} }
  windowed_counter: { windows: [1s], output: [delta], allowed_lateness: 0s, idle_timeout: 200ms }
exporters:
  victoriametrics: { endpoint: '${url}' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: ./journal, checkpoint_interval: 200ms }
  log: { level: warn }
  pipelines:
    counts: { receivers: [otlp], processors: [breakable, windowed_counter], exporters: [victoriametrics] }
`
}
