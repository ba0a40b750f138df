import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const NO_RECORDED_VALUE = 1

for (const [level, service, signal] of [
  ['memory, with a state_dir', 'state_dir: ./state', 'SIGTERM'],
  ['journal, after a stop', 'journal: { folder: ./journal, checkpoint_interval: 200ms }', 'SIGTERM'],
  ['journal, after a crash', 'journal: { folder: ./journal, checkpoint_interval: 200ms }', 'SIGKILL']
] as const) {
  test(`regression: after a restart the end of a histogram left its buckets open (${level})`, async t => {
    const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
    const yaml = config(backend.url, service)
    const first = await sandbox.start(yaml)
    await post(first, { count: '3', sum: 2, bucketCounts: ['1', '2'], explicitBounds: [1] })
    await eventually('the histogram is stored', () => backend.samples().length === 4)
    if (signal === 'SIGKILL') {
      // The first may have begun before, the second begins after it.
      for (let i = 0; i < 2; i++) {
        const before = writtenAt(sandbox)
        await eventually('there is a newer checkpoint', () => writtenAt(sandbox) > before)
      }
    }
    await first.stop(signal)

    const second = await sandbox.start(yaml)
    await post(second, { flags: NO_RECORDED_VALUE })
    await eventually('its end is stored', () => ends(backend).length === 4)
    assert.deepEqual(ends(backend), ['latency_bucket 1', 'latency_bucket +Inf', 'latency_count', 'latency_sum'].sort())
    await second.stop()
  })
}

const writtenAt = (sandbox: Sandbox) =>
  statSync(sandbox.path('journal', 'checkpoint'), { throwIfNoEntry: false })?.mtimeMs ?? 0

/** The series that the backend has a stale marker of. */
function ends(backend: RemoteWriteBackend): string[] {
  const stale = backend.samples().filter(({ value }) => Number.isNaN(value))
  return stale.map(({ series, labels }) => [series.replace(/\{.*/, ''), labels.le].filter(Boolean).join(' ')).sort()
}

async function post(weir: Weir, point: object): Promise<void> {
  const dataPoints = [{ timeUnixNano: `${Date.now()}000000`, ...point }]
  const metrics = [{ name: 'latency', histogram: { aggregationTemporality: 2, dataPoints } }]
  const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  const answer = await fetch(weir.otlp, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  assert.equal(answer.status, 200, await answer.text())
}

const config = (url: string, service: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  victoriametrics: { endpoint: '${url}', target_info: false }
service:
  ${service}
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    straight: { receivers: [otlp], exporters: [victoriametrics] }
`
