import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
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
