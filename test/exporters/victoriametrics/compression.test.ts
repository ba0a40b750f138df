import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type TestContext as Test, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { type Outcome, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { ExporterHarness, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { readWriteRequest } from '../../core/wire/remote-write/read-write-request.ts'
import { uncompress } from '../../core/wire/remote-write/uncompress.ts'
import { startBackend } from './backend.ts'

const NEVER = new AbortController().signal
const DAY_MS = 24 * 3_600_000
const TAKEN = 204

type Codec = 'zstd' | 'snappy'

/** An exporter of three samples, one a request, to a backend that answers by `answers`. */
async function world(t: Test, config = {}) {
  const context = testContext()
  const logged: object[] = []
  const gauges = new Map<string, () => number>()
  context.log.info = (entry: object) => void logged.push(entry)
  context.instruments.gauge = (name, _help, read) => void gauges.set(name, read)
  const answers: Record<Codec, (name: string) => number> = { zstd: () => TAKEN, snappy: () => TAKEN }
  /** `codec name status` of each request. */
  const seen: string[] = []
  const taken: string[] = []
  const endpoint = await startBackend(t, async (request, response) => {
    const [codec, name] = [request.headers['content-encoding'] as Codec, await nameIn(request)]
    const status = answers[codec](name)
    seen.push(`${codec} ${name} ${status}`)
    if (status === TAKEN) taken.push(name)
    response.writeHead(status).end(status === TAKEN ? '' : 'corrupt input')
  })
  const options = testConfig(plugin, { endpoint, target_info: false, max_samples_per_request: 1, ...config })
  const exporter = new VictoriaMetricsExporter(options, context)
  const block = (...names: string[]) => {
    const points = new PointBlockBuilder()
    for (const name of names) {
      const metric = { name, unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
      points.add(context.series.intern(metric, []), context.clock.now(), 1)
    }
    return points.build()
  }
  const send = (...names: string[]) => exporter.export(block(...names), NEVER)
  /** Requests since the last call. */
  const requests = () => seen.splice(0)
  return {
    context,
    exporter,
    answers,
    block,
    send,
    requests,
    taken,
    logged,
    active: () => gauges.get('zstd_active')!()
  }
}

async function nameIn(request: IncomingMessage): Promise<string> {
  const body = uncompress(await buffer(request), request.headers['content-encoding'])
  const { series } = readWriteRequest(body)
  return series.length === 0 ? 'probe' : series[0].labels[0][1]
}

test('a backend that takes zstd gets nothing else', async t => {
  const { send, requests, logged, active } = await world(t)
  await send('a', 'b')
  assert.deepEqual(requests(), ['zstd a 204', 'zstd b 204'])
  assert.deepEqual([active(), logged], [1, []])
})

for (const status of [400, 415, 422, 404, 500, 501])
  test(`a backend that answers ${status} to zstd gets the same request with snappy, and snappy for a day`, async t => {
    const { context, answers, send, requests, taken, logged, active } = await world(t)
    answers.zstd = () => status
    await send('a', 'b')
    assert.deepEqual(requests(), [`zstd a ${status}`, 'snappy a 204', 'snappy b 204'])
    assert.equal(active(), 0)
    context.clock.advance(DAY_MS - 1)
    await send('c')
    assert.deepEqual(requests(), ['snappy c 204'])
    context.clock.advance(1)
    assert.equal(active(), 1)
    await send('d', 'e')
    assert.deepEqual(requests(), [`zstd d ${status}`, 'snappy d 204', 'snappy e 204'])
    assert.deepEqual(taken, ['a', 'b', 'c', 'd', 'e'])
    assert.equal(context.counters.get('requests_total'), 5)
    assert.equal(context.counters.get('samples_total'), 5)
    assert.equal(logged.length, 1, 'the log says so once')
    assert.match(JSON.stringify(logged), new RegExp(`answered ${status} .*corrupt input`))
  })

test('a backend that learns zstd gets it after a day', async t => {
  const { context, answers, send, requests, active } = await world(t)
  answers.zstd = () => 400
  await send('a')
  answers.zstd = () => TAKEN
  context.clock.advance(DAY_MS)
  requests()
  await send('b', 'c')
  assert.deepEqual(requests(), ['zstd b 204', 'zstd c 204'])
  assert.equal(active(), 1)
})

test('a backend that no longer takes zstd, as after a return to an old version, loses no request', async t => {
  const { context, answers, send, requests, taken, active } = await world(t)
  await send('a')
  answers.zstd = () => 400
  await send('b', 'c')
  assert.deepEqual(requests(), ['zstd a 204', 'zstd b 400', 'snappy b 204', 'snappy c 204'])
  assert.deepEqual([taken, active()], [['a', 'b', 'c'], 0])
  context.clock.advance(DAY_MS)
  answers.zstd = () => 500
  await send('d')
  assert.deepEqual(requests(), ['zstd d 500', 'snappy d 204'])
})

test('samples that are refused by either codec are dropped, and say nothing about zstd', async t => {
  const { answers, send, requests, logged, active } = await world(t)
  answers.zstd = name => (name === 'bad' ? 400 : TAKEN)
  answers.snappy = answers.zstd
  await assert.rejects(send('bad'), { retryable: false, reason: 'rejected_by_backend' })
  await send('good')
  assert.deepEqual(requests(), ['zstd bad 400', 'snappy bad 400', 'zstd good 204'])
  assert.deepEqual([active(), logged], [1, []])
})

test('a backend that is overloaded is not asked twice', async t => {
  const { answers, send, requests, active } = await world(t)
  for (const status of [429, 502, 503, 504]) {
    answers.zstd = () => status
    await assert.rejects(send('a'), { retryable: true })
    assert.deepEqual(requests(), [`zstd a ${status}`])
  }
  answers.zstd = () => TAKEN
  await send('a')
  // It has taken zstd: that it answers so has another reason.
  for (const status of [500, 404]) {
    answers.zstd = () => status
    await assert.rejects(send('b'))
  }
  assert.deepEqual(requests(), ['zstd a 204', 'zstd b 500', 'zstd b 404'])
  assert.equal(active(), 1)
})

test('an outage amid the fallback is retried, and each request is taken once', { timeout: 30_000 }, async t => {
  const { context, exporter, answers, block, requests, taken, active } = await world(t)
  let outages = 2
  answers.zstd = () => 400
  answers.snappy = () => (outages-- > 0 ? 503 : TAKEN)
  const harness = await new ExporterHarness(exporter, context, { retry: { initial_interval: '1s' } }).start()
  let outcome: Outcome | undefined
  void harness.send(block('a', 'b')).then(settled => (outcome = settled))
  // Requests are real, and take their time. Pauses between them are those of the clock.
  while (outcome === undefined) {
    await setTimeout(1)
    await harness.advance(10)
  }
  assert.equal(outcome.status, 'acked')
  const refused = ['zstd a 400', 'snappy a 503']
  assert.deepEqual(requests(), [...refused, ...refused, 'zstd a 400', 'snappy a 204', 'snappy b 204'])
  assert.deepEqual([taken, active()], [['a', 'b'], 0])
  await harness.stop()
})

test('a fallback is not a failed attempt: it waits for nothing, and the exporter stays ok', {
  timeout: 30_000
}, async t => {
  const { context, exporter, answers, block, requests } = await world(t)
  const states: string[] = []
  context.status = state => void states.push(state)
  answers.zstd = () => 415
  const harness = await new ExporterHarness(exporter, context).start()
  // The clock stands still, so a pause would never end.
  assert.equal((await harness.send(block('a'))).status, 'acked')
  assert.deepEqual(requests(), ['zstd a 415', 'snappy a 204'])
  assert.equal(states.includes('degraded'), false, `${states}`)
  await harness.stop()
})

test('the probe finds out as well', async t => {
  const { exporter, answers, send, requests } = await world(t)
  answers.zstd = () => 400
  await exporter.probe(NEVER)
  await send('a')
  assert.deepEqual(requests(), ['zstd probe 400', 'snappy probe 204', 'snappy a 204'])
})

test('compression: snappy sends nothing else', async t => {
  const { answers, send, requests, active } = await world(t, { compression: 'snappy' })
  await send('a')
  answers.snappy = () => 400
  await assert.rejects(send('b'), { retryable: false })
  assert.deepEqual(requests(), ['snappy a 204', 'snappy b 400'])
  assert.equal(active(), 0)
})
