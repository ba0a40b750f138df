import { getSystemErrorName } from 'node:util'
import type { KoffiFunc } from 'koffi'

/** Of 64 bits, lowest byte first: addresses and structures are written that way. */
const PROCESSORS: ReadonlySet<string> = new Set(['x64', 'arm64', 'riscv64', 'loong64'])

/** Functions of the C library of Linux. They return -1 if they fail. */
export interface Libc {
  readonly socket: KoffiFunc<(domain: number, type: number, protocol: number) => number>
  readonly bind: KoffiFunc<(fd: number, address: Buffer, length: number) => number>
  readonly connect: KoffiFunc<(fd: number, address: Buffer, length: number) => number>
  readonly getsockname: KoffiFunc<(fd: number, address: Buffer, length: Buffer) => number>
  readonly setsockopt: KoffiFunc<(fd: number, level: number, name: number, value: Buffer, length: number) => number>
  readonly getsockopt: KoffiFunc<(fd: number, level: number, name: number, value: Buffer, length: Buffer) => number>
  readonly recvmmsg: KoffiFunc<(fd: number, messages: Buffer, count: number, flags: number, timeout: null) => number>
  readonly poll: KoffiFunc<(fds: Buffer, count: number, timeoutMs: number) => number>
  readonly shutdown: KoffiFunc<(fd: number, how: number) => number>
  readonly close: KoffiFunc<(fd: number) => number>
  /** 0 if there is no such interface. */
  readonly if_nametoindex: KoffiFunc<(name: string) => number>
  addressOf(memory: Buffer): bigint
  /** The error of the last call. */
  errno(): number
  error(call: string, errno: number): Error
  /** `result`, unless the call has failed. */
  checked(call: string, result: number): number
}

/** Rejects if the optional package `koffi` is not installed, or not for this machine. */
export async function loadLibc(): Promise<Libc> {
  if (!PROCESSORS.has(process.arch))
    throw new Error(
      `the C library is called on processors of ${[...PROCESSORS].join(', ')}, not on a processor of ${process.arch}`
    )
  const { default: koffi } = await import('koffi')
  const library = koffi.load(null)
  const error = (call: string, errno: number) => new Error(`${call}: ${getSystemErrorName(-errno)}`)
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, const void *, unsigned int)'),
    connect: library.func('int connect(int, const void *, unsigned int)'),
    getsockname: library.func('int getsockname(int, void *, void *)'),
    setsockopt: library.func('int setsockopt(int, int, int, const void *, unsigned int)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    recvmmsg: library.func('int recvmmsg(int, void *, unsigned int, int, void *)'),
    poll: library.func('int poll(_Inout_ void *, unsigned long, int)'),
    shutdown: library.func('int shutdown(int, int)'),
    close: library.func('int close(int)'),
    if_nametoindex: library.func('unsigned int if_nametoindex(const char *)'),
    addressOf: memory => koffi.address(memory),
    errno: () => koffi.errno(),
    error,
    checked(call, result) {
      if (result < 0) throw error(call, koffi.errno())
      return result
    }
  }
}
