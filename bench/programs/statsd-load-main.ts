// Sends StatsD datagrams over loopback, as told by its parent process.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { LINES_PER_DATAGRAM, type Order, type Sent, serveOrders, type Target } from './load.ts'

const METRICS = 1000
const TICK_MS = 1

type StatsdTarget = Extract<Target, { kind: 'statsd' }>

async function run(socket: Socket, datagrams: readonly Buffer[], order: Order): Promise<Sent> {
  if (order.kind !== 'pace') throw new Error('StatsD has no replies: the load must be paced')
  const began = performance.now()
  let sent = 0
  let bytes = 0
  for (let elapsed = 0; elapsed < order.ms; elapsed = performance.now() - began) {
    const due = (Math.min(elapsed, order.ms) / 1000) * (order.pointsPerSecond / LINES_PER_DATAGRAM)
    for (; sent < due; sent++) bytes += await send(socket, datagrams[sent % datagrams.length])
    await setTimeout(TICK_MS)
  }
  const points = sent * LINES_PER_DATAGRAM
  return { points, sum: points, bytes, ms: performance.now() - began, refusedRequests: 0, replyMs: [] }
}

function send(socket: Socket, datagram: Buffer): Promise<number> {
  return new Promise((resolve, reject) =>
    socket.send(datagram, (error, bytes) => (error === null ? resolve(bytes) : reject(error)))
  )
}

/** Lines of all series in turn. The last series of the last datagram are those of the first again. */
function datagramsOf(series: number): Buffer[] {
  return Array.from({ length: Math.ceil(series / LINES_PER_DATAGRAM) }, (_, datagram) => {
    const lines = Array.from({ length: LINES_PER_DATAGRAM }, (_, line) => {
      const id = (datagram * LINES_PER_DATAGRAM + line) % series
      return `shop.requests.${id % METRICS}:1|c|#route:r${Math.floor(id / METRICS)},env:prod`
    })
    return Buffer.from(lines.join('\n'))
  })
}

const socket = createSocket('udp4')
serveOrders<StatsdTarget>(({ port, series }) => {
  const datagrams = datagramsOf(series)
  const connected = once(socket, 'connect')
  socket.connect(port, '127.0.0.1')
  return async order => {
    await connected
    return run(socket, datagrams, order)
  }
})
