import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { type Client, curlClient, sdkClient, statsdClient } from './clients.ts'
import { SentCounts, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { type DeltaPoint, deltaRequest, postOtlp } from './otlp-requests.ts'
import type { Sandbox, Weir } from './weir-process.ts'

// Long enough to fall into several windows of a second.
const ROUNDS = 8
const COUNTS_PER_ROUND = 10
const ROUND_MS = 400

/** Every kind of client sends for a few seconds. Resolves once Weir has all of it; to what that was. */
export async function sendFromClients(weir: Weir, sandbox: Sandbox): Promise<SentCounts> {
  const sent = new SentCounts()
  const statsd = statsdClient(weir.statsdPort, sent)
  const clients: Client[] = [
    sdkClient(weir.otlp, 'protobuf', 'delta', sent),
    sdkClient(weir.otlp, 'protobuf', 'cumulative', sent),
    sdkClient(weir.otlp, 'json', 'delta', sent),
    sdkClient(weir.otlp, 'json', 'cumulative', sent),
    curlClient(weir.events, sandbox, sent),
    statsd
  ]
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < COUNTS_PER_ROUND; i++) for (const client of clients) client.count(round * COUNTS_PER_ROUND + i)
    await Promise.all([...clients.map(client => client.flush()), setTimeout(ROUND_MS)])
  }
  for (const client of clients) await client.close()
  // The others have been answered; datagrams are not.
  await eventually('every datagram is in', async () => {
    return (await weir.component('receiver statsd')).account.received === statsd.lines
  })
  return sent
}

export const ROUTE_RATES = { '/a': 3, '/b': 5 }
export const SECONDS = 40

/**
 * Counts with event times the test chooses: for {@link SECONDS} up to `end`, each route has {@link ROUTE_RATES} requests
 * a second, in points that come out of order, and there is an event with a value. @param end Unix ms, a whole second
 */
export async function sendByHand(weir: Weir, end: number): Promise<SentCounts> {
  const sent = new SentCounts()
  const points: DeltaPoint[] = []
  for (let second = 1; second <= SECONDS; second++) {
    const start = end - second * 1000
    for (const [route, rate] of Object.entries(ROUTE_RATES)) {
      // Both edges of the window, and one in between.
      for (const [offset, value] of [
        [0, 1],
        [999, 1],
        [second * 7, rate - 2]
      ]) {
        points.push({ name: 'http_requests', attributes: { route }, time: start + offset, value })
        sent.add(seriesKey('http_requests', { route }), value, start + offset)
      }
    }
  }
  for (let from = 0; from < points.length; from += 50) {
    const answer = await postOtlp(weir.otlp, deltaRequest(points.slice(from, from + 50)))
    assert.equal(answer.status, 200)
  }
  await sendEvents(weir.events, end, sent)
  return sent
}

/** One event a second; their number and the sum of their values are counted apart. */
async function sendEvents(url: string, end: number, sent: SentCounts): Promise<void> {
  const lines: string[] = []
  for (let second = 1; second <= SECONDS; second++) {
    const event = {
      name: 'payment',
      value: second / 4,
      timestamp: end - second * 1000 + second,
      attributes: { by: 'card' }
    }
    lines.push(JSON.stringify(event))
    sent.add(seriesKey('payment', event.attributes), 1, event.timestamp)
    sent.add(seriesKey('payment_sum', event.attributes), event.value, event.timestamp)
  }
  const headers = { 'content-type': 'application/x-ndjson' }
  const response = await fetch(url, { method: 'POST', headers, body: lines.join('\n') })
  assert.deepEqual(await response.json(), { accepted: SECONDS, rejected: 0, errors: [] })
}
