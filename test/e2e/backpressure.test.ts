import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { assertCounted, SentCounts, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { type DeltaPoint, deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend, storedWindows } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const MIB = 2 ** 20
const SENDERS = 40
const REQUESTS_PER_SENDER = 10
const POINTS_PER_REQUEST = 400
/** Sooner than senders are told to come back, which is harder on Weir. */
const BACK_MS = 1000
const FLOODERS = 4
const FLOOD_BODY_BYTES = 256 * 1024
/** What is pushed at a budget of half a MiB while the backend is down. */
const FLOOD_BYTES = 768 * MIB
// In flight are 512 KiB at most. The rest is what V8 lets lie before it collects: chunks of bodies that were turned away,
// the young generation, compiled code. It is 60 to 210 MiB; a process that kept what it is sent would be over this bound
// by far.
const RSS_GROWTH_BOUND_BYTES = 512 * MIB

test('a backend that hangs and fails: senders are told, memory stays, and every point accepted arrives', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t, 'hang')]
  const weir = await sandbox.start(config(backend.url, '[]', 'max_size: 128KiB'))
  const atRest = await weir.metric('process_resident_memory_bytes')
  const watch = watchLimits(weir)
  const senders = Array.from({ length: SENDERS }, (_, id) => new Sender(id))
  const sending = Promise.all(senders.map(sender => sender.run(weir.otlp)))
  const flooded = flood(weir.otlp)
  await eventually('attempts have timed out', () => backend.turnedAway >= 2)
  backend.behaviour = 'refuse'
  await flooded
  const refusals = () => senders.reduce((sum, { refused }) => sum + refused, 0)
  await eventually('senders were told to come back', () => refusals() >= SENDERS && backend.turnedAway >= 4)
  backend.behaviour = 'take'
  await sending
  const { peakRss, peakCredits } = await watch.stop()

  const growth = peakRss - atRest
  t.diagnostic(
    `rss at rest ${mib(atRest)}, peak ${mib(peakRss)} MiB; credits peak ${Math.round(peakCredits / 1024)} KiB`
  )
  t.diagnostic(`requests told to come back: ${refusals()}`)
  assert.ok(growth < RSS_GROWTH_BOUND_BYTES, `memory grew by ${mib(growth)} MiB while ${mib(FLOOD_BYTES)} were pushed`)
  await weir.settled()
  const { components } = await weir.assertLedger()
  const accepted = senders.flatMap(({ accepted }) => accepted)
  assert.equal(accepted.length, SENDERS * REQUESTS_PER_SENDER * POINTS_PER_REQUEST)
  assert.equal(components.find(({ kind }) => kind === 'exporter')?.account.sent, accepted.length)
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  const arrived = backend.samples()
  const stored = new Set(arrived.map(identity))
  const missing = accepted.filter(point => !stored.has(point))
  assert.deepEqual([missing, stored.size], [[], accepted.length], 'stored are the points accepted, and no others')
  t.diagnostic(`${accepted.length} points accepted, ${arrived.length} samples arrived`)
})

test('a window before a dead backend: the ingress goes on until the queue is full, and no window is wrong', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t, 'refuse')]
  const weir = await sandbox.start(config(backend.url, '[windowed_counter]', 'max_size: 1KiB'))
  const watch = watchLimits(weir)
  const sent = new SentCounts()
  const stop = new AbortController()
  const tally = { accepted: 0, refused: 0 }
  const meters = Array.from({ length: 4 }, (_, id) => measure(weir.otlp, `s${id}`, sent, tally, stop.signal))
  await eventually('senders are told to come back', () => tally.refused >= 4)
  assert.ok(tally.accepted > 0, 'before that they were not')
  assert.equal((await weir.component('processor windowed_counter')).account.refused, 0)
  backend.behaviour = 'take'
  const before = tally.accepted
  await eventually('senders are heard again', () => tally.accepted >= before + 20)
  stop.abort()
  await Promise.all(meters)
  await watch.stop()
  await weir.assertLedger()
  t.diagnostic(`${tally.accepted} requests accepted, ${tally.refused} told to come back`)
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  assertCounted(storedWindows(backend.samples()), sent)
})

/** What an OTLP client must do: the same request again, after Retry-After, until it is taken. */
class Sender {
  /** {@link identity} of each point answered with 200. */
  readonly accepted: string[] = []
  refused = 0
  readonly #id: number

  constructor(id: number) {
    this.#id = id
  }

  async run(url: string): Promise<void> {
    for (let request = 0; request < REQUESTS_PER_SENDER; request++) {
      const points = this.#points(request)
      const body = deltaRequest(points)
      for (;;) {
        const { status, retryAfter } = await postOtlp(url, body)
        if (status === 200) break
        assert.equal(status, 503)
        assert.equal(retryAfter, '3', 'a 503 says when to come back')
        this.refused++
        await setTimeout(BACK_MS)
      }
      for (const { name, attributes, time } of points)
        this.accepted.push(identity({ series: seriesKey(name, attributes), time }))
    }
  }

  #points(request: number): DeltaPoint[] {
    return Array.from({ length: POINTS_PER_REQUEST }, (_, i) => ({
      name: 'requests',
      attributes: { sender: `s${this.#id}`, shard: `p${i % 20}` },
      time: 1_760_000_000_000 + request * POINTS_PER_REQUEST + i,
      value: 1 + i
    }))
  }
}

const identity = ({ series, time }: { series: string; time: number }) => `${series}@${time}`

/** Clients that push as fast as they can whatever they are told; what they send is not OTLP, were it ever read. */
async function flood(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const body = Buffer.alloc(FLOOD_BODY_BYTES, ' ')
  const push = async () => {
    for (let pushed = 0; pushed < FLOOD_BYTES / FLOODERS; pushed += body.length) {
      const response = await fetch(url, { method: 'POST', headers, body })
      await response.arrayBuffer()
      assert.ok(response.status === 503 || response.status === 400, `status ${response.status}`)
    }
  }
  await Promise.all(Array.from({ length: FLOODERS }, push))
}

/** Counts one at a time, at the time of each attempt: what is refused did not happen. */
async function measure(
  url: string,
  sender: string,
  sent: SentCounts,
  tally: { accepted: number; refused: number },
  signal: AbortSignal
): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) {
    const attributes = { sender, shard: `p${turn % 3}` }
    const time = Date.now()
    const { status } = await postOtlp(
      url,
      deltaRequest([{ name: 'requests', attributes, time, value: 1 + (turn % 5) }])
    )
    if (status === 200) {
      tally.accepted++
      sent.add(seriesKey('requests', attributes), 1 + (turn % 5), time)
      await setTimeout(20)
    } else {
      assert.equal(status, 503)
      tally.refused++
      await setTimeout(BACK_MS, undefined, { signal }).catch(() => {})
    }
  }
}

/** Looks at memory and credits all the time; the latter must never exceed what there are. */
function watchLimits(weir: Weir): { stop(): Promise<{ peakRss: number; peakCredits: number }> } {
  let stopped = false
  let peakRss = 0
  let peakCredits = 0
  const watching = (async () => {
    while (!stopped) {
      const { credits } = await weir.status()
      for (const { usedBytes, capacityBytes } of Object.values(credits))
        assert.ok(usedBytes <= capacityBytes, `${usedBytes} of ${capacityBytes} credits are used`)
      peakCredits = Math.max(peakCredits, credits.inFlight.usedBytes)
      peakRss = Math.max(peakRss, await weir.metric('process_resident_memory_bytes'))
      await setTimeout(50)
    }
  })()
  // Told where it is awaited, in `stop`.
  watching.catch(() => {})
  return {
    async stop() {
      stopped = true
      await watching
      return { peakRss, peakCredits }
    }
  }
}

const mib = (bytes: number) => Math.round(bytes / MIB)

function config(url: string, processors: string, queue: string): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s, 10s] }
exporters:
  victoriametrics:
    endpoint: '${url}'
    timeout: 500ms
    retry: { initial_interval: 50ms, max_interval: 200ms }
    queue: { ${queue} }
service:
  admin: { endpoint: 127.0.0.1:0 }
  limits: { in_flight: 512KiB }
  pipelines:
    all: { receivers: [otlp], processors: ${processors}, exporters: [victoriametrics] }
`
}
