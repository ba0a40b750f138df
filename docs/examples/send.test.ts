import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { buildClient } from '../../scripts/build-client.ts'
import { eventually } from '../../test/e2e/eventually.ts'
import { Sandbox } from '../../test/e2e/weir-process.ts'

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
exporters:
  debug: { verbosity: detailed }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    metrics: { receivers: [otlp, statsd], exporters: [debug] }
`

test('the data of the examples arrives', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  const cases = [
    ['send-opentelemetry.js', { OTEL_EXPORTER_OTLP_ENDPOINT: new URL(weir.otlp).origin }, /counter cumulative 1\b/],
    ['send-statsd.js', { STATSD_PORT: String(weir.statsdPort) }, /counter delta 1\b/]
  ] as const
  for (const [file, env, want] of cases) {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, file)], {
      env: { ...process.env, ...env },
      stdio: 'inherit'
    })
    assert.deepEqual(await once(child, 'close'), [0, null], file)
    await eventually(file, () => want.test(weir.stderr))
  }
  assert.match(weir.stderr, /shop\.orders\{country=\\"de\\"\}/)
  await eventually('the timer too', () => /shop\.checkout\{.*histogram delta/.test(weir.stderr))
})

test('the data of weir-client arrives', async t => {
  const sandbox = await Sandbox.open(t)
  await buildClient(sandbox.path('node_modules/weir-client'))
  const program = sandbox.path('program.mjs')
  await cp(path.join(import.meta.dirname, 'send-weir-client.js'), program)
  const weir = await sandbox.start(`
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
processors: { dedup: { mode: client_seq } }
exporters: { debug: { verbosity: detailed } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    metrics: { receivers: [otlp], processors: [dedup], exporters: [debug] }
    events: { receivers: [otlp], items: [events], processors: [dedup], exporters: [debug] }
`)
  const env = { ...process.env, WEIR_ENDPOINT: new URL(weir.otlp).origin }
  assert.deepEqual(await once(spawn(process.execPath, [program], { env, stdio: 'inherit' }), 'close'), [0, null])
  for (const want of [
    /shop\.orders\{country=\\"de\\"\} counter delta 1\b/,
    /shop\.carts gauge 12\b/,
    /shop\.checkout\{country=\\"de\\"\} exponential_histogram delta/,
    /shop\.visitors set delta/,
    /signup/
  ])
    await eventually(String(want), () => want.test(weir.stderr)).catch(error =>
      assert.fail(`${error.message}${weir.stderr}`)
    )
  assert.doesNotMatch(weir.stderr, /weir\.client\.seq/)
})
