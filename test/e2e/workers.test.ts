import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { status } from '@grpc/grpc-js'
import { EXIT } from '../../core/cli/exit-codes.ts'
import { eventually } from './eventually.ts'
import { callOtlp, type DeltaPoint, deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox } from './weir-process.ts'

const REQUESTS = 60
const POINTS = 50
const SENDERS = 12

test('one, two and three workers give the same samples, to the byte', async t => {
  const end = Math.floor(Date.now() / 1000) * 1000
  const [one, two, three] = [await samplesOf(t, 1, end), await samplesOf(t, 2, end), await samplesOf(t, 3, end)]
  assert.ok(one.length > 500, `${one.length} samples`)
  assert.deepEqual(two, one)
  assert.deepEqual(three, one)
})

/** Everything that leaves Weir for the same requests, sent by many at once. */
async function samplesOf(t: TestContext, workers: number, end: number): Promise<string[]> {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  // As long as it waits for late points every window is open; SIGTERM then sends them all.
  const weir = await sandbox.start(config({ workers, url: backend.url, lateness: '10m' }))
  let next = 0
  const send = async () => {
    while (next < REQUESTS) {
      const { status } = await postOtlp(weir.otlp, deltaRequest(pointsOf(next++, end)))
      assert.equal(status, 200)
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, send))
  // Workers report after some milliseconds.
  await eventually('all are in the books', async () => {
    return (await weir.component('receiver otlp')).account.sent === REQUESTS * POINTS
  })
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  return backend
    .samples()
    .map(sample => JSON.stringify(sample))
    .sort()
}

/** Points of one request: of some series that all have, and of one that no other has, over ten seconds. */
function pointsOf(request: number, end: number): DeltaPoint[] {
  return Array.from({ length: POINTS }, (_, i) => ({
    name: i % 2 === 0 ? 'requests' : 'errors',
    attributes: { route: i === 0 ? `/own/${request}` : `/${i % 7}`, host: `h${(request + i) % 5}` },
    time: end - ((request * 7 + i * 13) % 100) * 100,
    value: 1 + (i % 9)
  }))
}

test('gRPC is received by all workers, at one port', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  const weir = await sandbox.start(config({ workers: 2, url: backend.url }))
  const bytes = (worker: number) => weir.metric(`weir_worker_series_table_bytes{worker="${worker}"}`)
  let request = 0
  await eventually('both have series', async () => {
    const send = () => callOtlp(weir.otlpGrpc, deltaRequest(pointsOf(request++, Date.now())))
    assert.deepEqual(await Promise.all(Array.from({ length: SENDERS }, send)), Array(SENDERS).fill(status.OK))
    return (await bytes(1)) > 100_000 && (await bytes(2)) > 100_000
  })
  await eventually('all are in the books', async () => {
    return (await weir.component('receiver otlp')).account.sent === request * POINTS
  })
  await weir.stop()
})

test('a port that another program has is an error, with workers too', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  t.after(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.begin(config({ workers: 2, url: 'http://127.0.0.1:1', endpoint: `127.0.0.1:${port}` }))
  const { code } = await weir.ended
  assert.equal(code, EXIT.startFailed)
  assert.match(weir.stderr, new RegExp(`cannot listen on 127.0.0.1:${port}: another process does`))
})

test('connections are spread, and each worker reports on itself', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  const weir = await sandbox.start(config({ workers: 2, url: backend.url }))
  const bytes = (worker: number) => weir.metric(`weir_worker_series_table_bytes{worker="${worker}"}`)
  let request = 0
  await eventually('both have series', async () => {
    await Promise.all(
      Array.from({ length: SENDERS }, () => postOtlp(weir.otlp, deltaRequest(pointsOf(request++, Date.now()))))
    )
    // A worker without series has a page or two.
    return (await bytes(1)) > 100_000 && (await bytes(2)) > 100_000
  })
  assert.equal(await weir.metric('weir_worker_restarts_total{worker="1"}'), 0)
  await weir.stop()
})

interface Setup {
  readonly workers: number
  readonly url: string
  readonly lateness?: string
  readonly endpoint?: string
}

function config({ workers, url, lateness = '1s', endpoint = '127.0.0.1:0' }: Setup): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: '${endpoint}' }, grpc: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s, 10s], by: [route], allowed_lateness: ${lateness} }
exporters:
  victoriametrics: { endpoint: '${url}' }
service:
  workers: ${workers}
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts: { receivers: [otlp], processors: [windowed_counter], exporters: [victoriametrics] }
`
}
