import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertCounted, SentCounts, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend, storedWindows } from './remote-write-backend.ts'
import { Sandbox } from './weir-process.ts'

const SENDERS = 8

interface Tally {
  readonly sent: SentCounts
  /** Told to send it again elsewhere. */
  refused: number
  /** The idle connection it was to go by had just been closed: its sender tries again elsewhere. */
  unanswered: number
}

test('SIGTERM in the midst of requests: those answered with 200 count, the others do not', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  const weir = await sandbox.start(config(backend.url))
  const tally: Tally = { sent: new SentCounts(), refused: 0, unanswered: 0 }
  const sending = Promise.all(Array.from({ length: SENDERS }, (_, id) => sendUntilItEnds(weir.otlp, `s${id}`, tally)))
  await eventually('much has been sent', () => tally.sent.total > 500)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  assert.match(weir.stdout, /^drained$/m)
  await sending
  const { sent, refused, unanswered } = tally
  t.diagnostic(`${sent.total} answered with 200, ${refused} with 503, ${unanswered} not`)
  assertCounted(storedWindows(backend.samples()), sent)
})

/** One point after the other, at the time it is sent, until nobody listens any more. */
async function sendUntilItEnds(url: string, sender: string, tally: Tally): Promise<void> {
  for (;;) {
    const point = { name: 'requests', attributes: { sender }, time: Date.now(), value: 1 }
    try {
      const { status } = await postOtlp(url, deltaRequest([point]))
      assert.ok(status === 200 || status === 503, `status ${status}`)
      if (status === 200) tally.sent.add(seriesKey(point.name, point.attributes), 1, point.time)
      else tally.refused++
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      if ((error.cause as NodeJS.ErrnoException).code === 'ECONNREFUSED') return
      tally.unanswered++
    }
  }
}

function config(url: string): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s, 10s] }
exporters:
  victoriametrics: { endpoint: '${url}' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts: { receivers: [otlp], processors: [windowed_counter], exporters: [victoriametrics] }
`
}
