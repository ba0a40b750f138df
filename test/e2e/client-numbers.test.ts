import assert from 'node:assert/strict'
import { test } from 'node:test'
import { count } from '../../core/plural.ts'
import { eventually } from './eventually.ts'
import { RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox } from './weir-process.ts'

const REQUESTS = 300
const SERIES = 20

/** As clients write them: every request has a number of its own. */
function requestOf(seq: number, timeMs: number): string {
  const attribute = (key: string, value: object) => ({ key, value })
  const dataPoints = Array.from({ length: SERIES }, (_, i) => ({
    attributes: [attribute('route', { stringValue: `/${i}` })],
    timeUnixNano: `${timeMs}000000`,
    asInt: '1'
  }))
  const metrics = [{ name: 'requests', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints } }]
  const attributes = [
    attribute('weir.client.id', { stringValue: 'c' }),
    attribute('weir.client.epoch', { intValue: 1 }),
    attribute('weir.client.seq', { intValue: seq })
  ]
  return JSON.stringify({ resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] })
}

for (const workers of [1, 2])
  for (const hasJournal of [false, true])
    test(`requests that clients number are no new series, and count once, with ${count(workers, 'worker')}${hasJournal ? ' and a journal, through a kill' : ''}`, async t => {
      const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
      const config = `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } } }
processors:
  dedup: { mode: client_seq }
  windowed_counter: { windows: [1h], output: [delta], allowed_lateness: 10m }
exporters: { victoriametrics: { endpoint: '${backend.url}' } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  ${workers > 1 ? `workers: ${workers}` : ''}
  ${hasJournal ? 'journal: { folder: ./journal }' : ''}
  pipelines: { metrics: { receivers: [otlp], processors: [dedup, windowed_counter], exporters: [victoriametrics] } }
`
      const now = Date.now()
      const send = async (url: string, seq: number) => {
        const headers = { 'content-type': 'application/json' }
        const { status } = await fetch(url, { method: 'POST', headers, body: requestOf(seq, now) })
        assert.equal(status, 200)
      }
      let weir = await sandbox.start(config)
      for (let seq = 1; seq <= REQUESTS; seq++) await send(weir.otlp, seq)
      // All known at once: received, without numbers, and of windows.
      await eventually('few series', async () => (await weir.metric('weir_series')) < 10 * SERIES)
      if (hasJournal) {
        await weir.kill()
        weir = await sandbox.start(config)
      }
      for (let seq = 1; seq <= REQUESTS; seq += 7) await send(weir.otlp, seq)
      const repeated = Math.ceil(REQUESTS / 7) * SERIES
      await eventually('all are in the books', async () => {
        const { account } = await weir.component('processor dedup')
        return account.dropped.duplicate === repeated
      })
      assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
      // With a journal the window stays open.
      const sum = backend.samples().reduce((all, { value }) => all + value, 0)
      assert.equal(sum, hasJournal ? 0 : REQUESTS * SERIES)
    })
