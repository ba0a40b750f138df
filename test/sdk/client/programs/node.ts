// The program of the conformance test, see ../conformance.ts, for Node.
import { setTimeout } from 'node:timers/promises'
import { createClient } from '../../../../sdk/client/index.ts'

const STEP_MS = 10
const DEADLINE_MS = 30_000
const ROUTES = ['/', '/cart', '/pay']
/** Weir refuses a point with it, and takes the others of its request. */
const TOO_LONG = 'x'.repeat(9000)

const [endpoint, seconds] = process.argv.slice(2)
const client = createClient({ endpoint, resource: { 'service.name': 'conformance' }, onDiagnostic: () => {} })
const counts: Record<string, number> = {}
let events = 0

const until = Date.now() + Number(seconds) * 1000
for (let i = 0; Date.now() < until; i++) {
  const route = ROUTES[i % ROUTES.length]
  count('client.requests', 1 + (i % 3), route)
  count('client.bytes', i, route)
  if (i % 200 === 0) client.count('client.refused', 1, { text: TOO_LONG })
  client.gauge('client.step', i)
  client.timing('client.time', i % 100, { route })
  client.unique('client.users', `user ${i % 20}`)
  client.event('client.click', { route, step: { of: i } })
  events++
  await setTimeout(STEP_MS)
}
const { unsent, dropped } = await client.close({ deadline: DEADLINE_MS })
console.log(JSON.stringify({ counts, events, unsent, dropped }))

function count(name: string, n: number, route: string): void {
  client.count(name, n, { route })
  const key = `${name}{route=${JSON.stringify(route)}}`
  counts[key] = (counts[key] ?? 0) + n
}
