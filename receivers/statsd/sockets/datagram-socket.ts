import { isIPv4 } from 'node:net'
import type { Endpoint } from '../../../core/http/endpoint.ts'
import { ipBytes } from './ip-bytes.ts'
import type { Libc } from './libc.ts'

// Linux, as its C library has them.
const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const SOL_SOCKET = 1
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const SHUT_RD = 0
const FAMILY_BYTES = 2
/** `sun_path` of `sockaddr_un`, with the zero at its end. */
const PATH_BYTES = 108
/** `sockaddr_in` and `sockaddr_in6`. */
const INET_BYTES = 16
const INET6_BYTES = 28
const PORT_AT = 2
const IPV4_AT = 4
const IPV6_AT = 8
const SCOPE_AT = 24
const INT_BYTES = 4

/** Longest path of a Unix socket, in bytes. */
export const MOST_PATH_BYTES = PATH_BYTES - 1

/** A bound socket for datagrams, made by the C library. */
export class DatagramSocket {
  readonly fd: number
  readonly #libc: Libc

  private constructor(libc: Libc, family: number) {
    this.#libc = libc
    this.fd = libc.checked('socket', libc.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0))
  }

  /** @param path at most {@link MOST_PATH_BYTES} long. Throws if the file cannot be made, or is there already */
  static bindUnix(libc: Libc, path: string): DatagramSocket {
    const address = Buffer.alloc(FAMILY_BYTES + PATH_BYTES)
    address.writeUInt16LE(AF_UNIX)
    address.write(path, FAMILY_BYTES)
    return new DatagramSocket(libc, AF_UNIX).#bind(address)
  }

  /**
   * A UDP socket. Throws if the address is not free.
   * @param endpoint whose host is an IP address
   * @param receiveBuffer bytes; the kernel may give less
   * @param reusePort true if other sockets have the same port
   */
  static bindUdp(libc: Libc, endpoint: Endpoint, receiveBuffer: number, reusePort: boolean): DatagramSocket {
    const socket = new DatagramSocket(libc, isIPv4(endpoint.host) ? AF_INET : AF_INET6)
    libc.setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, int(receiveBuffer), INT_BYTES)
    if (reusePort) libc.setsockopt(socket.fd, SOL_SOCKET, SO_REUSEPORT, int(1), INT_BYTES)
    return socket.#bind(inetAddress(libc, endpoint))
  }

  /** Of a UDP socket. */
  get port(): number {
    return this.#address.readUInt16BE(PORT_AT)
  }

  /** Bytes, as the kernel gave them. */
  get receiveBuffer(): number {
    const value = int(0)
    this.#libc.checked('getsockopt', this.#libc.getsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, value, int(INT_BYTES)))
    return value.readInt32LE()
  }

  /** Ends a wait for it. Nothing more comes to a UDP socket: it is connected to itself. What has come can still be read. */
  shutDown(): void {
    const address = this.#address
    if (address.readUInt16LE() !== AF_UNIX) this.#libc.connect(this.fd, address, address.length)
    this.#libc.shutdown(this.fd, SHUT_RD)
  }

  /** Only once no wait is under way: another file may get its number. */
  close(): void {
    this.#libc.close(this.fd)
  }

  /** With its family in front, and maybe zeros behind. */
  get #address(): Buffer {
    const address = Buffer.alloc(INET6_BYTES)
    this.#libc.checked('getsockname', this.#libc.getsockname(this.fd, address, int(address.length)))
    return address
  }

  #bind(address: Buffer): this {
    try {
      this.#libc.checked('bind', this.#libc.bind(this.fd, address, address.length))
    } catch (error) {
      this.close()
      throw error
    }
    return this
  }
}

function inetAddress(libc: Libc, { host, port }: Endpoint): Buffer {
  const isV4 = isIPv4(host)
  const address = Buffer.alloc(isV4 ? INET_BYTES : INET6_BYTES)
  address.writeUInt16LE(isV4 ? AF_INET : AF_INET6)
  address.writeUInt16BE(port, PORT_AT)
  ipBytes(host).copy(address, isV4 ? IPV4_AT : IPV6_AT)
  const [, scope] = host.split('%')
  if (scope !== undefined) address.writeUInt32LE(Number(scope) || libc.if_nametoindex(scope), SCOPE_AT)
  return address
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(INT_BYTES)
  bytes.writeInt32LE(value)
  return bytes
}
