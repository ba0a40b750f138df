import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { message, text } from '../core/wire/protobuf/fields.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const LOGS = message(1, message(2, message(2, text(12, 'signup')), message(2, text(12, 'signup'))))

const NO_LOGS = 'both: { receivers: [otlp], processors: [sampler], exporters: [debug] }'
const LOGS_TOO = 'logs: { receivers: [otlp], items: [events], processors: [sampler], exporters: [debug] }'

const MODES = [
  ['one thread', ''],
  ['workers', 'workers: 2'],
  ['a journal', 'journal: { folder: journal }']
] as const

for (const [name, mode] of MODES)
  test(`${name}: logs go to pipelines that ask for events, and without one they are 404`, async t => {
    const sandbox = await Sandbox.open(t)
    const weir = await sandbox.start(config(mode, NO_LOGS))
    const received = async (processor: string) => (await weir.component(`processor ${processor}`)).account.received
    assert.equal(await sendLogs(weir), 404)
    assert.equal(await sendMetrics(weir), 200)
    // It takes both, and its windows must not count logs because an SDK begins to send some.
    await eventually('the pipeline has the metrics', async () => (await received('sampler')) === 1)

    await writeFile(sandbox.path('weir.yaml'), config(mode, LOGS_TOO))
    assert.equal((await sandbox.weir('reload', '--admin', weir.admin)).code, 0)
    assert.equal(await sendLogs(weir), 200)
    assert.equal(await sendMetrics(weir), 200)
    await eventually('each has its own', async () => {
      return (await received('sampler')) === 2 && (await received('cardinality_limiter')) === 2
    })

    await writeFile(sandbox.path('weir.yaml'), config(mode, NO_LOGS))
    assert.equal((await sandbox.weir('reload', '--admin', weir.admin)).code, 0)
    assert.equal(await sendLogs(weir), 404)
    assert.equal(await sendMetrics(weir), 200)
    await weir.assertLedger()
    await weir.stop()
  })

async function sendMetrics(weir: Weir): Promise<number> {
  const metrics = deltaRequest([{ name: 'requests', attributes: {}, time: Date.now(), value: 1 }])
  return (await postOtlp(weir.otlp, metrics)).status
}

const sendLogs = async (weir: Weir) => (await postOtlp(weir.otlp.replace('metrics', 'logs'), LOGS)).status

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
