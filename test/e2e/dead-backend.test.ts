import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertCounted, SentCounts, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend, storedWindows } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

/** More than the queue in memory holds. */
const SERIES = 40
const ROUNDS = 12
const ROUND_MS = 400

test('one of two backends is gone: the other has everything at once; the waiting batches are on disk, survive kill -9, and arrive', async t => {
  const sandbox = await Sandbox.open(t)
  const [alive, gone] = [await RemoteWriteBackend.start(t), await RemoteWriteBackend.start(t, 'refuse')]
  const sent = new SentCounts()
  const first = await sandbox.start(config(alive.url, gone.url))
  const next = await sendRounds(first, sent, Date.now())
  await eventually('the disk buffer has the waiting batches', async () => (await diskBufferBytes(first)) > 10_000)
  assert.match((await first.component('exporter victoriametrics/gone')).state, /degraded/)
  await eventually('the other has all windows', () => hasAll(alive, sent))
  assert.deepEqual(storedWindows(gone.samples()), [])
  await first.assertLedger()

  await first.kill()
  const second = await sandbox.start(config(alive.url, gone.url))
  await sendRounds(second, sent, Math.max(next, Date.now()))
  gone.behaviour = 'take'
  await eventually('both have all', () => hasAll(alive, sent) && hasAll(gone, sent))
  await eventually('the circuit is closed', async () => (await metricOf(second, 'weir_circuit_open')) === 0)
  await second.assertLedger()
  assert.deepEqual(await second.stop(), { code: 0, signal: null }, second.stderr)
  assertCounted(storedWindows(alive.samples()), sent)
  assertCounted(storedWindows(gone.samples()), sent)
})

test('items a backend will never take go to the dead letters alone; weir dlq lists them and delivers them later', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  backend.poison = 'unlucky'
  const weir = await sandbox.start(config(backend.url))
  const sent = new SentCounts()
  const points = ['lucky', 'unlucky', 'plain'].map(client => ({
    name: 'visits',
    attributes: { client },
    time: Date.now(),
    value: 1
  }))
  assert.equal((await postOtlp(weir.otlp, deltaRequest(points))).status, 200)
  for (const { name, attributes, time } of points) sent.add(seriesKey(name, attributes), 1, time)
  const good = seriesKey('visits', { client: 'lucky' })
  await eventually('the good ones are stored', () => sumOf(backend, good) === 1)
  await eventually('the bad ones are with the dead letters', async () => (await weir.metric('weir_dead_letters')) > 0)
  assert.equal(sumOf(backend, seriesKey('visits', { client: 'unlucky' })), 0)

  const folder = sandbox.path('journal', 'dead_letters')
  const listed = await sandbox.weir('dlq', 'list', folder)
  assert.deepEqual([listed.code, listed.stderr], [0, ''])
  assert.match(
    listed.stdout,
    /^#0 {2}\S+ {2}exporter victoriametrics\/alive: \d+ points? \(visits\), \w+: .*a label it does not like/m
  )

  const refused = await sandbox.weir('dlq', 'replay', '--admin', weir.admin)
  assert.equal(refused.code, 5, refused.stdout)
  assert.match(refused.stderr, /stayed here, refused again/)
  backend.poison = undefined
  // Windows close one after the other, and each may make a letter.
  const replay = async () => {
    if ((await weir.metric('weir_dead_letters')) > 0) await sandbox.weir('dlq', 'replay', '--admin', weir.admin)
  }
  await eventually('all is delivered', async () => {
    await replay()
    return (
      (await weir.metric('weir_dead_letters')) === 0 && sumOf(backend, seriesKey('visits', { client: 'unlucky' })) === 1
    )
  })
  await eventually('the larger windows are closed', async () => {
    await replay()
    return hasAll(backend, sent)
  })
  const { stdout } = await sandbox.weir('dlq', 'list', folder)
  assert.equal(stdout, '0 dead letters, 0 bytes\n')
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  assertCounted(storedWindows(backend.samples()), sent)
})

/** Rounds that lie some time apart, by their points. They are sent at once. Resolves to the time of the one to come. */
async function sendRounds(weir: Weir, sent: SentCounts, from: number): Promise<number> {
  const end = from + ROUNDS * ROUND_MS
  for (let time = from; time < end; time += ROUND_MS) {
    const points = Array.from({ length: SERIES }, (_, i) => ({
      name: 'hits',
      attributes: { i: String(i) },
      time,
      value: i + 1
    }))
    assert.equal((await postOtlp(weir.otlp, deltaRequest(points))).status, 200)
    for (const { name, attributes, value } of points) sent.add(seriesKey(name, attributes), value, time)
  }
  return end
}

function hasAll(backend: RemoteWriteBackend, sent: SentCounts): boolean {
  const stored = storedWindows(backend.samples())
  return ['1s', '10s'].every(size => {
    const windows = stored.filter(({ window }) => window === size)
    return windows.reduce((sum, { value }) => sum + value, 0) === sent.total
  })
}

function sumOf(backend: RemoteWriteBackend, wanted: string): number {
  const windows = storedWindows(backend.samples()).filter(({ series, window }) => series === wanted && window === '1s')
  return windows.reduce((sum, { value }) => sum + value, 0)
}

const diskBufferBytes = (weir: Weir) => metricOf(weir, 'weir_disk_buffer_bytes')
const metricOf = (weir: Weir, name: string) => weir.metric(`${name}{kind="exporter",component="victoriametrics/gone"}`)

function config(alive: string, gone?: string): string {
  const exporters = ['victoriametrics/alive', ...(gone === undefined ? [] : ['victoriametrics/gone'])]
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s, 10s] }
exporters:
  victoriametrics/alive: { endpoint: '${alive}' }
${gone === undefined ? '' : `  victoriametrics/gone: { endpoint: '${gone}', queue: { max_size: 8KiB }, retry: { max_interval: 1s } }`}
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: journal, checkpoint_interval: 1s }
  pipelines:
    counts: { receivers: [otlp], processors: [windowed_counter], exporters: [${exporters.join(', ')}] }
`
}
