// The cost of a call of count() beside hot-shots: `npm run bench:client`. Ratios are those of one run, for machines differ.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StatsD } from 'hot-shots'
import { createClient } from '../sdk/client/index.ts'

const CALLS = 200_000
const ROUNDS = 15
const WARM_UP_ROUNDS = 5
const ROUTES = ['/', '/cart', '/pay', '/search']

const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')))
server.listen(0, '127.0.0.1', run)

async function run(): Promise<void> {
  const { port } = server.address() as AddressInfo
  const weir = createClient({ endpoint: `http://127.0.0.1:${port}` })
  // Nobody listens there; a datagram more costs what it costs.
  const options = { host: '127.0.0.1', port: 9, maxBufferSize: 1400, errorHandler: () => {} }
  const statsd = new StatsD(options)
  const nothing = { count(_name: string, _n: number, _attributes?: object): void {} }
  const route = (i: number) => ROUTES[i & 3]
  const cases: readonly [string, (i: number) => void][] = [
    ['an empty function', i => nothing.count('requests', 1, { route: route(i) })],
    ['count(name)', () => weir.count('requests')],
    ['count(name, 1, { route })', i => weir.count('requests', 1, { route: route(i) })],
    [
      'count(name, 1, { route, method, status })',
      i => weir.count('all', 1, { route: route(i), method: 'GET', status: 200 })
    ],
    ['hot-shots increment(name)', () => statsd.increment('requests')],
    ['hot-shots increment(name, 1, { route })', i => statsd.increment('requests', 1, { route: route(i) })],
    [
      'hot-shots increment(name, 1, { route, method, status })',
      i => statsd.increment('all', 1, { route: route(i), method: 'GET', status: '200' })
    ]
  ]
  const results: number[] = []
  for (const [name, call] of cases) {
    const ns = await measure(call)
    results.push(ns)
    console.log(`${ns.toFixed(0).padStart(6)} ns  ${name}`)
  }
  const ratio = (a: number, b: number) => (results[a] / results[b]).toFixed(1)
  console.log(
    `hot-shots / count: ${ratio(4, 1)} without attributes, ${ratio(5, 2)} with one, ${ratio(6, 3)} with three`
  )
  console.log(`count with one attribute / an empty function: ${ratio(2, 0)}`)
  await weir.close()
  statsd.close()
  server.close()
}

/** Nanoseconds a call: the median of rounds, between which sockets have their turn. */
async function measure(call: (i: number) => void): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const begun = process.hrtime.bigint()
    for (let i = 0; i < CALLS; i++) call(i)
    if (round >= WARM_UP_ROUNDS) rounds.push(Number(process.hrtime.bigint() - begun) / CALLS)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return rounds.sort((a, b) => a - b)[rounds.length >> 1]
}
