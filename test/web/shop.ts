import assert from 'node:assert/strict'
import type { Weir } from '../e2e/weir-process.ts'

/** Each signs up, and every other one checks out. */
export const USERS = 10
const PLANS = ['pro', 'free']

/** Orders by plan, durations, and events of users. @param hostile also a plan */
export async function sendShop(weir: Weir, hostile: string): Promise<void> {
  const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n)
  const points = [...PLANS, hostile].map((plan, i) => ({
    timeUnixNano,
    attributes: [{ key: 'plan', value: { stringValue: plan } }],
    asInt: String(i + 1)
  }))
  const orders = { name: 'orders', sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: points } }
  const buckets = { count: '4', sum: 90, bucketCounts: ['1', '2', '1'], explicitBounds: [10, 50] }
  const histogram = { aggregationTemporality: 1, dataPoints: [{ timeUnixNano, attributes: [], ...buckets }] }
  const metrics = [orders, { name: 'checkout_time', unit: 'ms', histogram }]
  await post(weir.otlp, { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
  const now = Date.now()
  for (let i = 0; i < USERS; i++) {
    const attributes = { user_id: `u${i}`, plan: i === 0 ? hostile : PLANS[i % 2] }
    await sendEvent(weir, { id: `signup ${i}`, name: 'signup', timestamp: now - 1000, attributes })
    if (i % 2 === 0) await sendEvent(weir, { id: `checkout ${i}`, name: 'checkout', timestamp: now, attributes })
  }
}

export function sendEvent(weir: Weir, event: object): Promise<void> {
  return post(weir.events, event)
}

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.equal(response.status, 200, await response.text())
}
