import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { ROOT, Sandbox, type Weir } from './weir-process.ts'

const CONFIG = path.join(ROOT, 'configs/events.yaml')
/** Merged over the file that is shipped: ports nobody else has. */
const FREE_PORTS = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  http: { endpoint: 127.0.0.1:0 }
extensions:
  query_api: { endpoint: 127.0.0.1:0 }
service:
  admin: { endpoint: 127.0.0.1:0 }
`
const HOUR_MS = 3_600_000
const USERS = 30

test('events of three days: every one of them, and their counts and distinct users of hours', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(FREE_PORTS, '--config', CONFIG)
  const start = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 72 * HOUR_MS
  const events = historyFrom(start)
  await send(weir, events)
  // A sender that saw no reply.
  await send(weir, events.slice(-10))
  // Says that the hours before have gone by.
  await send(weir, [{ id: 'end', name: 'end', timestamp: Date.now(), attributes: { user_id: 'nobody' } }])
  const range = { start: String(start / 1000), end: String((start + 72 * HOUR_MS) / 1000) }
  const counts = { ...range, by: '__name__', where: '{plan!=""}' }
  const count = (name: string) => events.filter(event => event.name === name).length
  await eventually('the events are stored', async () => {
    const { result } = (await ask(weir, 'events/counts', counts)) as { result: { labels: object; count: number }[] }
    return result.length === 2 && result[0].count + result[1].count === events.length
  })
  const funnel = new URLSearchParams([
    ...Object.entries({ ...range, of: 'user_id' }),
    ['steps', 'signup'],
    ['steps', 'checkout']
  ])
  const { steps } = (await ask(weir, 'events/funnel', funnel)) as { steps: { actors: number }[] }
  assert.deepEqual(
    steps.map(({ actors }) => actors),
    [USERS, USERS / 2]
  )
  const summary = async (query: string) => {
    const { result } = (await ask(weir, 'query', { query })) as { result: { value: [number, string] }[] }
    return Number(result[0]?.value[1])
  }
  const hours = (metric: string) => `sum(sum_over_time(${metric}{plan="pro"}[80h]))`
  await eventually('the hours are stored', async () => (await summary(hours('checkout'))) === count('checkout'))
  await eventually('the users are stored', async () => (await summary(hours('signup_unique'))) === USERS)
  await weir.assertLedger({ 'processor dedup': { duplicate: 10 } })
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

/** Each user signs up twice in its hour, and every other one buys an hour later. */
function historyFrom(start: number) {
  const events = Array.from({ length: USERS }, (_, user) => {
    const time = start + user * 2 * HOUR_MS
    const event = (name: string, timestamp: number) => ({
      id: `${user}-${timestamp}`,
      name,
      timestamp,
      attributes: { user_id: `u${user}`, plan: 'pro' }
    })
    const bought = user % 2 === 0 ? [event('checkout', time + HOUR_MS)] : []
    return [event('signup', time), event('signup', time + 1000), ...bought]
  })
  return events.flat()
}

async function send(weir: Weir, events: readonly object[]): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const { status } = await fetch(weir.events, { method: 'POST', headers, body: JSON.stringify(events) })
  assert.equal(status, 200)
}

async function ask(weir: Weir, question: string, fields: Record<string, string> | URLSearchParams): Promise<unknown> {
  const [, url] = /Prometheus API on (\S+)/.exec(weir.stdout)!
  const response = await fetch(`${url}/api/v1/${question}`, { method: 'POST', body: new URLSearchParams(fields) })
  const { data, error } = (await response.json()) as { data: unknown; error?: string }
  assert.equal(error, undefined)
  return data
}
