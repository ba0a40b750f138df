import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Endpoint } from '../../../core/http/endpoint.ts'
import type { DatagramEvents } from './datagram-events.ts'
import { DatagramSocket } from './datagram-socket.ts'
import type { Libc } from './libc.ts'
import { UdpReader } from './udp-reader.ts'

export interface UdpSocketOptions {
  readonly count: number
  /** Of each, in bytes; the kernel may give less. */
  readonly receiveBuffer: number
}

/** UDP sockets bound to one address. */
export interface UdpSockets {
  readonly endpoint: Endpoint
  /** The smallest of them, in bytes, as the kernel gave it. */
  readonly receiveBuffer: number
  close(): Promise<void>
}

/** One of them. */
interface BoundSocket extends Omit<UdpSockets, 'close'> {
  close(): Promise<void> | void
}

/**
 * Several sockets share their port, and the kernel spreads senders over them. Rejects if the address is not free, or not
 * of this machine.
 * @param libc makes and reads them; without it Node.js does
 */
export function openUdpSockets(
  endpoint: Endpoint,
  options: UdpSocketOptions,
  events: DatagramEvents,
  libc: Libc | undefined
): Promise<UdpSockets> {
  return libc === undefined ? openByNode(endpoint, options, events) : openByLibc(endpoint, options, events, libc)
}

async function openByLibc(
  { host, port }: Endpoint,
  { count, receiveBuffer }: UdpSocketOptions,
  events: DatagramEvents,
  libc: Libc
): Promise<UdpSockets> {
  // Names mean addresses of IPv4, as they do to Node.js.
  const { address } = await lookup(host, isIP(host) === 6 ? 6 : 4)
  const sockets = await bindAll({ host: address, port }, count, (endpoint, reusePort) => {
    const socket = DatagramSocket.bindUdp(libc, endpoint, receiveBuffer, reusePort)
    const bound = { host: address, port: socket.port }
    return { socket, endpoint: bound, receiveBuffer: socket.receiveBuffer, close: () => socket.close() }
  })
  const opened = together(sockets)
  const all = sockets.map(({ socket }) => socket)
  try {
    const reader = await UdpReader.start(all, opened.receiveBuffer, events)
    return { ...opened, close: () => reader.close() }
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function openByNode(
  endpoint: Endpoint,
  { count, receiveBuffer }: UdpSocketOptions,
  events: DatagramEvents
): Promise<UdpSockets> {
  const type = isIP(endpoint.host) === 6 ? 'udp6' : 'udp4'
  return together(
    await bindAll(endpoint, count, async (wanted, reusePort) => {
      const socket = createSocket({ type, recvBufferSize: receiveBuffer, reusePort })
      socket.on('message', datagram => events.received(datagram, 0, datagram.length))
      await bound(socket, wanted)
      socket.on('error', events.failed)
      const { address, port } = socket.address()
      const close = () => new Promise<void>(resolve => socket.close(() => resolve()))
      return { endpoint: { host: address, port }, receiveBuffer: socket.getRecvBufferSize(), close }
    })
  )
}

async function bindAll<S extends BoundSocket>(
  endpoint: Endpoint,
  count: number,
  bind: (endpoint: Endpoint, reusePort: boolean) => S | Promise<S>
): Promise<S[]> {
  // A socket that shares its port would share that of another program without a word. One that does not finds out.
  const first = await bind(endpoint, false)
  if (count === 1) return [first]
  await first.close()
  const sockets: S[] = []
  try {
    while (sockets.length < count) sockets.push(await bind(first.endpoint, true))
  } catch (error) {
    await closeAll(sockets)
    throw error
  }
  return sockets
}

function together(sockets: readonly BoundSocket[]): UdpSockets {
  return {
    endpoint: sockets[0].endpoint,
    receiveBuffer: Math.min(...sockets.map(({ receiveBuffer }) => receiveBuffer)),
    close: () => closeAll(sockets)
  }
}

async function closeAll(sockets: readonly BoundSocket[]): Promise<void> {
  for (const socket of sockets) await socket.close()
}

function bound(socket: Socket, { host, port }: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
}
