import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { ROOT, Sandbox } from './weir-process.ts'

const CONFIG = `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
processors: { windowed_counter: { windows: [10s], by: [http.route] } }
exporters: { victoriametrics: { endpoint: 'http://127.0.0.1:9' } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  log: { level: warn }
  pipelines: { metrics: { receivers: [otlp], processors: [windowed_counter], exporters: [victoriametrics] } }
`
/** What this pipeline has no use for, by a part of its path. */
const UNUSED = [
  '/rxjs/dist/cjs/index.js',
  '/re2js/',
  '/fastest-levenshtein/',
  '/snappy/',
  '/crc32/',
  '/jose/',
  '/@grpc/',
  '/@opentelemetry/',
  '/@platformatic/',
  '/@clickhouse/',
  '/csv-parse/',
  '/core/kafka/',
  '/core/promql/parser/',
  '/core/promql/engine/',
  '/core/rules/',
  '/core/config-tests/',
  'NativeModule tls',
  'NativeModule https',
  'NativeModule http2',
  'NativeModule internal/deps/undici/undici'
]

/** Writes what is loaded, files and Node's own, once Weir is told to end. */
const REPORT = `
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
const files = []
registerHooks({ load: (url, context, next) => (files.push(url), next(url, context)) })
process.once('SIGTERM', () => writeFileSync(process.env.LOADED, JSON.stringify([...files, ...process.moduleLoadList])))
`

test('a pipeline loads no code that it has no use for', async t => {
  const sandbox = await Sandbox.open(t)
  const [config, report] = [sandbox.path('weir.yaml'), sandbox.path('loaded.json')]
  writeFileSync(config, CONFIG)
  const args = [`--import=data:text/javascript,${encodeURIComponent(REPORT)}`, 'bin/weir.js', 'run', '--config', config]
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, LOADED: report } })
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  for (const output of [child.stdout, child.stderr]) output.setEncoding('utf8').on('data', text => (said += text))
  await eventually('Weir is running', () => said.includes('Weir is running'))
  child.kill('SIGTERM')
  await once(child, 'exit')
  const loaded: string[] = JSON.parse(readFileSync(report, 'utf8'))
  assert.ok(
    loaded.some(file => file.endsWith(path.join('windowed_counter', 'index.ts'))),
    said
  )
  const unused = loaded.filter(file => UNUSED.some(part => file.includes(part)))
  assert.deepEqual(unused, [])
})
