import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { message, text } from '../core/wire/protobuf/fields.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const LOGS = message(1, message(2, message(2, text(12, 'signup')), message(2, text(12, 'signup'))))

const MODES = [
  ['one thread', ''],
  ['workers', 'workers: 2'],
  ['a journal', 'journal: { folder: journal }']
] as const

for (const [name, mode] of MODES)
  test(`${name}: metrics go to the pipelines of points, logs to those that ask for events`, async t => {
    const weir = await started(
      t,
      mode,
      'logs: { receivers: [otlp], items: [events], processors: [sampler], exporters: [debug] }'
    )
    assert.equal(await sendMetrics(weir), 200)
    assert.equal(await sendLogs(weir), 200)
    await eventually('each has its own', async () => {
      const limiter = await weir.component('processor cardinality_limiter')
      const sampler = await weir.component('processor sampler')
      return limiter.account.received === 1 && sampler.account.received === 2
    })
    await weir.stop()
  })

for (const [name, mode] of MODES)
  test(`${name}: logs without a pipeline for them are 404, and metrics are taken as before`, async t => {
    const weir = await started(t, mode, '')
    assert.equal(await sendLogs(weir), 404)
    assert.equal(await sendMetrics(weir), 200)
    await weir.stop()
  })

for (const [name, mode] of MODES)
  test(`${name}: a pipeline that takes both gets metrics alone, so that logs do not count in its windows`, async t => {
    const weir = await started(t, mode, 'both: { receivers: [otlp], processors: [sampler], exporters: [debug] }')
    assert.equal(await sendLogs(weir), 404)
    assert.equal(await sendMetrics(weir), 200)
    await eventually('it has them', async () => (await weir.component('processor sampler')).account.received === 1)
    await weir.stop()
  })

test('a reload that adds a pipeline for logs, and takes it away', async t => {
  const pipeline = 'logs: { receivers: [otlp], items: [events], processors: [sampler], exporters: [debug] }'
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(config('', ''))
  assert.equal(await sendLogs(weir), 404)
  for (const [text, status] of [
    [config('', pipeline), 200],
    [config('', ''), 404]
  ] as const) {
    await writeFile(sandbox.path('weir.yaml'), text)
    assert.equal((await sandbox.weir('reload', '--admin', weir.admin)).code, 0)
    await eventually('it is so', async () => (await sendLogs(weir)) === status)
    assert.equal(await sendMetrics(weir), 200)
  }
  await weir.stop()
})

async function sendMetrics(weir: Weir): Promise<number> {
  const metrics = deltaRequest([{ name: 'requests', attributes: {}, time: Date.now(), value: 1 }])
  return (await postOtlp(weir.otlp, metrics)).status
}

const sendLogs = async (weir: Weir) => (await postOtlp(weir.otlp.replace('metrics', 'logs'), LOGS)).status

async function started(t: TestContext, mode: string, pipeline: string): Promise<Weir> {
  const sandbox = await Sandbox.open(t)
  return sandbox.start(config(mode, pipeline))
}

const config = (mode: string, pipeline: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  cardinality_limiter:
  sampler: { probability: 1 }
exporters:
  debug:
service:
  admin: { endpoint: 127.0.0.1:0 }
  ${mode}
  pipelines:
    metrics: { receivers: [otlp], processors: [cardinality_limiter], exporters: [debug] }
    ${pipeline}
`
