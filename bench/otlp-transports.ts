// CPU of a whole Weir for each OTLP point, over HTTP and over gRPC, with the same bodies: `node bench/otlp-transports.ts`.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { Client, credentials } from '@grpc/grpc-js'
import { grpcMethod } from '../core/wire/otlp/response.ts'
import { freePort } from '../test/servers/free-port.ts'
import { otlpBodies, POINTS_PER_BODY } from './otlp-payload.ts'
import { ProgramProcess } from './programs/process.ts'

const ROOT = path.join(import.meta.dirname, '..')
const CONNECTIONS = 4
// Node compiles what runs for each call in the first ten thousand: fewer requests measure that. CPU time is counted in
// steps of 10 ms, which is 2 % of a round.
const REQUESTS = 2500
const WARM_UP_REQUESTS = 10_000
const ROUNDS = 11

const folder = mkdtempSync(path.join(tmpdir(), 'weir-transports-'))
const [httpPort, grpcPort, adminPort] = [await freePort(), await freePort(), await freePort()]
const bodies = otlpBodies({ series: 50_000, timeMs: Date.now() }).map(({ bytes }) => bytes)
const gzipped = bodies.map(body => gzipSync(body))
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
const clients = Array.from({ length: CONNECTIONS }, () => client(0))
// The library compresses by itself.
const gzipClients = Array.from({ length: CONNECTIONS }, () => client(2))

const TRANSPORTS: Readonly<Record<string, (i: number) => Promise<void>>> = {
  HTTP: i => post(bodies[i % bodies.length], {}),
  gRPC: i => call(clients[i % CONNECTIONS], bodies[i % bodies.length]),
  'HTTP, gzip': i => post(gzipped[i % bodies.length], { 'content-encoding': 'gzip' }),
  'gRPC, gzip': i => call(gzipClients[i % CONNECTIONS], bodies[i % bodies.length])
}

const weir = await start()
try {
  for (const send of Object.values(TRANSPORTS)) await flood(send, WARM_UP_REQUESTS)
  const costs: Record<string, number[]> = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, send] of Object.entries(TRANSPORTS)) (costs[name] ??= []).push(await costOf(send))
  const cost = (name: string) => costs[name].toSorted((a, b) => a - b)[ROUNDS >> 1]
  console.log(`CPU of Weir, bodies of ${POINTS_PER_BODY} points (${bodies[0].length} bytes), median of ${ROUNDS}:`)
  for (const name of Object.keys(TRANSPORTS)) console.log(`  ${cost(name).toFixed(3)} µs/point  ${name}`)
  for (const suffix of ['', ', gzip'])
    console.log(
      `  gRPC${suffix} takes ${(cost(`gRPC${suffix}`) / cost(`HTTP${suffix}`)).toFixed(2)} x of HTTP${suffix}`
    )
} finally {
  for (const one of [...clients, ...gzipClients]) one.close()
  agent.destroy()
  await weir.stop()
  rmSync(folder, { recursive: true })
}

async function start(): Promise<ProgramProcess> {
  const file = path.join(folder, 'weir.yaml')
  writeFileSync(
    file,
    `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:${httpPort} }, grpc: { endpoint: 127.0.0.1:${grpcPort} } } }
exporters:
  debug: { verbosity: none }
service:
  admin: { endpoint: 127.0.0.1:${adminPort} }
  pipelines:
    metrics: { receivers: [otlp], exporters: [debug] }
`
  )
  const command = [process.execPath, path.join(ROOT, 'bin/weir.js'), 'run', '--config', file]
  return ProgramProcess.start(command, folder, `http://127.0.0.1:${adminPort}/readyz`)
}

/** µs of CPU for a point. */
async function costOf(send: (i: number) => Promise<void>): Promise<number> {
  const before = weir.cpu
  await flood(send, REQUESTS)
  const { user, system } = weir.cpu
  return ((user - before.user + system - before.system) * 1e6) / (REQUESTS * POINTS_PER_BODY)
}

async function flood(send: (i: number) => Promise<void>, requests: number): Promise<void> {
  let next = 0
  const sender = async () => {
    while (next < requests) await send(next++)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, sender))
}

function post(body: Buffer, encoding: Record<string, string>): Promise<void> {
  const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length, ...encoding }
  return new Promise((resolve, reject) => {
    const url = `http://127.0.0.1:${httpPort}/v1/metrics`
    const sent = request(url, { method: 'POST', agent, headers }, response => {
      if (response.statusCode !== 200) reject(new Error(`HTTP answered ${response.statusCode}`))
      response.resume().once('end', resolve)
    })
    sent.once('error', reject).end(body)
  })
}

function client(compression: number): Client {
  const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.default_compression_algorithm': compression }
  return new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure(), options)
}

function call(to: Client, body: Buffer): Promise<void> {
  const same = (bytes: Buffer) => bytes
  return new Promise((resolve, reject) =>
    to.makeUnaryRequest(grpcMethod('metrics'), same, same, body, error => (error ? reject(error) : resolve()))
  )
}
