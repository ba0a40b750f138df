import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { message, text } from '../core/wire/protobuf/fields.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox } from './weir-process.ts'

const LOGS = message(1, message(2, message(2, text(12, 'signup')), message(2, text(12, 'signup'))))

for (const [name, extra] of [
  ['one thread', ''],
  ['workers', 'workers: 2'],
  ['a journal', 'journal: { folder: journal }']
] as const)
  test(`${name}: metrics go to the pipelines of points, logs to those of events`, async t => {
    const weir = await started(t, extra, 'logs: { receivers: [otlp], processors: [sampler], exporters: [debug/logs] }')
    const metrics = deltaRequest([{ name: 'requests', attributes: {}, time: Date.now(), value: 1 }])
    assert.equal((await postOtlp(weir.otlp, metrics)).status, 200)
    assert.equal((await postOtlp(weir.otlp.replace('metrics', 'logs'), LOGS)).status, 200)
    await eventually('each has its own', async () => {
      const limiter = await weir.component('processor cardinality_limiter')
      const sampler = await weir.component('processor sampler')
      return limiter.account.received === 1 && sampler.account.received === 2
    })
    await weir.stop()
  })

for (const [name, extra] of [
  ['one thread', ''],
  ['workers', 'workers: 2'],
  ['a journal', 'journal: { folder: journal }']
] as const)
  test(`${name}: logs without a pipeline for them are 404, and metrics are taken as before`, async t => {
    const weir = await started(t, extra, '')
    assert.equal((await postOtlp(weir.otlp.replace('metrics', 'logs'), LOGS)).status, 404)
    const metrics = deltaRequest([{ name: 'requests', attributes: {}, time: Date.now(), value: 1 }])
    assert.equal((await postOtlp(weir.otlp, metrics)).status, 200)
    await weir.stop()
  })

async function started(t: TestContext, extra: string, pipeline: string) {
  const sandbox = await Sandbox.open(t)
  return sandbox.start(`
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  cardinality_limiter:
${pipeline === '' ? '' : '  sampler: { probability: 1, attribute: none }\n  filter: { include: { kind: [event] } }'}
exporters:
  debug:
${pipeline === '' ? '' : '  debug/logs:'}
service:
  admin: { endpoint: 127.0.0.1:0 }
  ${extra}
  pipelines:
    metrics: { receivers: [otlp], processors: [cardinality_limiter], exporters: [debug] }
    ${pipeline.replace('[sampler]', '[filter, sampler]')}
`)
}
