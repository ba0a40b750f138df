import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { type ReceivedSample, RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox } from './weir-process.ts'

/** Exports in a row from which a component that is gone must be missing. */
const EXPORTS_WITHOUT = 3

test('regression: own metrics by OTLP knew only the components of the start: added ones never came, removed ones stood still', async t => {
  const store = await RemoteWriteBackend.start(t)
  const receiving = await (await Sandbox.open(t)).start(storing(store.url))
  const sandbox = await Sandbox.open(t)
  const backend = await RemoteWriteBackend.start(t)
  const observed = await sandbox.start(observing(receiving.otlp, backend.url, []))
  const become = async (exporters: string[]) => {
    await writeFile(sandbox.path('weir.yaml'), observing(receiving.otlp, backend.url, exporters))
    const { code, stderr } = await sandbox.weir('reload', '--admin', observed.admin)
    assert.deepEqual([code, stderr], [0, ''])
  }
  const send = () => postOtlp(observed.otlp, deltaRequest([{ name: 'x', attributes: {}, time: Date.now(), value: 1 }]))
  const latest = (name: string, component: string) =>
    store.samples().findLast(({ series, labels }) => series.startsWith(`${name}{`) && labels.component === component)

  for (let sent = 1; sent <= 3; sent++) {
    await send()
    await eventually(`${sent} received`, () => latest('weir_received_items', 'otlp')?.value === sent)
  }

  await become(['victoriametrics/added'])
  await eventually(
    'a component that a reload added is up',
    () => latest('weir_component_up', 'victoriametrics/added')?.value === 1
  )
  await send()
  const requests = 'weir_exporter_victoriametrics_requests'
  await eventually('metrics of its own are there', () => latest(requests, 'victoriametrics/added')?.value === 1)

  await become([])
  await eventually('components that a reload removed are gone', () => {
    const exports = lastExports(store.samples())
    return (
      exports.length === EXPORTS_WITHOUT &&
      !exports.flat().some(({ labels }) => labels.component === 'victoriametrics/added')
    )
  })
  await send()
  await eventually('the rest goes on', () => latest('weir_received_items', 'otlp')?.value === 5)
  assert.deepEqual(await observed.stop(), { code: 0, signal: null }, observed.stderr)
})

/** Samples of the latest exports; all of one export have its time. */
function lastExports(samples: readonly ReceivedSample[]): ReceivedSample[][] {
  const times = [...new Set(samples.map(({ time }) => time))].sort((a, b) => a - b).slice(-EXPORTS_WITHOUT)
  return times.map(at => samples.filter(({ time }) => time === at))
}

function storing(url: string): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  victoriametrics: { endpoint: '${url}' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    own: { receivers: [otlp], exporters: [victoriametrics] }
`
}

function observing(telemetry: string, url: string, added: readonly string[]): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  debug:
${added.map(id => `  ${id}: { endpoint: '${url}' }`).join('\n')}
service:
  admin: { endpoint: 127.0.0.1:0 }
  telemetry: { otlp_endpoint: '${telemetry}', interval: 100ms }
  pipelines:
    points: { receivers: [otlp], exporters: [${['debug', ...added].join(', ')}] }
`
}
