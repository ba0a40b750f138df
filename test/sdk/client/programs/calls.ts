// The calls of the conformance test, see ../conformance.ts. It runs in Node and in browsers.
import type { Client, Closed } from '../../../../sdk/client/client.ts'

const STEP_MS = 10
const DEADLINE_MS = 30_000
const ROUTES = ['/', '/cart', '/pay']
/** Weir refuses a point with it, and takes the others of its request. */
const TOO_LONG = 'x'.repeat(9000)

export interface Called extends Pick<Closed, 'unsent' | 'dropped'> {
  readonly counts: Readonly<Record<string, number>>
  readonly events: number
}

/** Records for so many seconds, and closes the client. */
export async function record(client: Client, seconds: number): Promise<Called> {
  const counts: Record<string, number> = {}
  let events = 0
  const count = (name: string, n: number, route: string) => {
    client.count(name, n, { route })
    const key = `${name}{route=${JSON.stringify(route)}}`
    counts[key] = (counts[key] ?? 0) + n
  }
  const until = Date.now() + seconds * 1000
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
    await new Promise(resolve => setTimeout(resolve, STEP_MS))
  }
  const { unsent, dropped } = await client.close({ deadline: DEADLINE_MS })
  return { counts, events, unsent, dropped }
}
