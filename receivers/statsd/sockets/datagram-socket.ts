import { getSystemErrorName } from 'node:util'
import type { KoffiFunc } from 'koffi'
import { MAX_FRAME_BYTES } from './framing.ts'

// Linux, as its C library has them.
const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
/** The result is the length of the datagram, also if it is longer than the buffer. */
const MSG_TRUNC = 0x20
const POLLIN = 1
const SHUT_RD = 0
const EINTR = 4
const EAGAIN = 11
/** `sun_path` of `sockaddr_un`, with the zero at its end. */
const PATH_BYTES = 108
const FAMILY_BYTES = 2
const POLL_FD_BYTES = 8
/** A wait ends when the socket is shut down. If it ever did not, a stop would take so long. */
const WAIT_MS = 1000

/** Longest path of a Unix socket, in bytes. */
export const MOST_PATH_BYTES = PATH_BYTES - 1

/**
 * A bound Unix datagram socket. Node.js has none, so the C library is called by the optional package `koffi`: a wait takes
 * one of libuv's threads.
 */
export class DatagramSocket {
  readonly #libc: Libc
  readonly #fd: number
  readonly #buffer = Buffer.alloc(MAX_FRAME_BYTES)
  readonly #pollFd = Buffer.alloc(POLL_FD_BYTES)

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc
    this.#fd = fd
    this.#pollFd.writeInt32LE(fd, 0)
    this.#pollFd.writeInt16LE(POLLIN, Int32Array.BYTES_PER_ELEMENT)
  }

  /** @param path at most {@link MOST_PATH_BYTES} long. Throws if the file cannot be made, or is there already */
  static async bind(path: string): Promise<DatagramSocket> {
    const libc = await loadLibc()
    const fd = libc.checked('socket', libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
    const address = Buffer.alloc(FAMILY_BYTES + PATH_BYTES)
    address.writeUInt16LE(AF_UNIX)
    address.write(path, FAMILY_BYTES)
    try {
      libc.checked('bind', libc.bind(fd, address, address.length))
    } catch (error) {
      libc.close(fd)
      throw error
    }
    return new DatagramSocket(libc, fd)
  }

  /** A datagram that has come; undefined if none has. Throws if the system fails. */
  receive(): Buffer | 'too_long' | undefined {
    const libc = this.#libc
    const length = libc.recv(this.#fd, this.#buffer, this.#buffer.length, MSG_DONTWAIT | MSG_TRUNC)
    if (length > this.#buffer.length) return 'too_long'
    if (length >= 0) return Buffer.from(this.#buffer.subarray(0, length))
    const errno = libc.errno()
    if (errno === EAGAIN || errno === EINTR) return undefined
    throw libc.error('recv', errno)
  }

  /** Resolves once a datagram has come or the socket was shut down, and at times without either. */
  wait(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#libc.poll.async(this.#pollFd, 1, WAIT_MS, (error: Error | null) => (error ? reject(error) : resolve()))
    )
  }

  /** Ends a wait. */
  shutDown(): void {
    this.#libc.shutdown(this.#fd, SHUT_RD)
  }

  /** Only once no wait is under way: another file may get the number of the socket. */
  close(): void {
    this.#libc.close(this.#fd)
  }
}

/** The functions of the C library. Each returns -1 if it fails. */
interface Libc {
  readonly socket: KoffiFunc<(domain: number, type: number, protocol: number) => number>
  readonly bind: KoffiFunc<(fd: number, address: Buffer, length: number) => number>
  readonly recv: KoffiFunc<(fd: number, buffer: Buffer, length: number, flags: number) => number>
  readonly poll: KoffiFunc<(fds: Buffer, count: number, timeoutMs: number) => number>
  readonly shutdown: KoffiFunc<(fd: number, how: number) => number>
  readonly close: KoffiFunc<(fd: number) => number>
  /** The error of the last call. */
  errno(): number
  error(call: string, errno: number): Error
  /** `result`, unless the call has failed. */
  checked(call: string, result: number): number
}

async function loadLibc(): Promise<Libc> {
  const { default: koffi } = await import('koffi')
  const library = koffi.load(null)
  const error = (call: string, errno: number) => new Error(`${call}: ${getSystemErrorName(-errno)}`)
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, const void *, unsigned int)'),
    recv: library.func('long recv(int, _Out_ void *, size_t, int)'),
    poll: library.func('int poll(_Inout_ void *, unsigned long, int)'),
    shutdown: library.func('int shutdown(int, int)'),
    close: library.func('int close(int)'),
    errno: () => koffi.errno(),
    error,
    checked(call, result) {
      if (result < 0) throw error(call, koffi.errno())
      return result
    }
  }
}
