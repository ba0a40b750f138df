import { MAX_FRAME_BYTES } from './framing.ts'
import type { Libc } from './libc.ts'

// Linux of 64 bits, as its C library has them.
const MSG_DONTWAIT = 0x40
/** The length of a datagram is told also if it is longer than its place. */
const MSG_TRUNC = 0x20
const EINTR = 4
const EAGAIN = 11
/** `struct iovec`: where bytes go, and how many. */
const IOVEC_BYTES = 16
/** `struct mmsghdr`: a header, and the length of the datagram. */
const MESSAGE_BYTES = 64
const IOVEC_AT = 16
const IOVEC_COUNT_AT = 24
const LENGTH_AT = 56
/** Datagrams that one call of the system reads at most. */
export const BATCH_DATAGRAMS = 32
/** Places of a power of two would all be in the same lines of the processor's cache. */
const PLACE_BYTES = 2 ** 16 + 2 ** 11 + 2 ** 6

/** Memory for datagrams that are read by one call of the system. */
export class DatagramBatch {
  /** The datagrams, at `startOf`. */
  readonly bytes = Buffer.alloc(BATCH_DATAGRAMS * PLACE_BYTES)
  readonly #libc: Libc
  readonly #messages = Buffer.alloc(BATCH_DATAGRAMS * MESSAGE_BYTES)
  readonly #vectors = Buffer.alloc(BATCH_DATAGRAMS * IOVEC_BYTES)
  readonly #words = new Uint32Array(this.#messages.buffer, this.#messages.byteOffset, this.#messages.length / 4)

  constructor(libc: Libc) {
    this.#libc = libc
    const vectors = libc.addressOf(this.#vectors)
    const bytes = libc.addressOf(this.bytes)
    for (let i = 0; i < BATCH_DATAGRAMS; i++) {
      this.#vectors.writeBigUInt64LE(bytes + BigInt(this.startOf(i)), i * IOVEC_BYTES)
      this.#vectors.writeBigUInt64LE(BigInt(MAX_FRAME_BYTES), i * IOVEC_BYTES + 8)
      this.#messages.writeBigUInt64LE(vectors + BigInt(i * IOVEC_BYTES), i * MESSAGE_BYTES + IOVEC_AT)
      this.#messages.writeBigUInt64LE(1n, i * MESSAGE_BYTES + IOVEC_COUNT_AT)
    }
  }

  /** Reads datagrams that have come to a socket; returns their number. Throws if the system fails. */
  read(fd: number): number {
    const count = this.#libc.recvmmsg(fd, this.#messages, BATCH_DATAGRAMS, MSG_DONTWAIT | MSG_TRUNC, null)
    if (count >= 0) return count
    const errno = this.#libc.errno()
    if (errno === EAGAIN || errno === EINTR) return 0
    throw this.#libc.error('recvmmsg', errno)
  }

  startOf(i: number): number {
    return i * PLACE_BYTES
  }

  /** More than {@link MAX_FRAME_BYTES} for a datagram that was cut off there. */
  lengthOf(i: number): number {
    return this.#words[(i * MESSAGE_BYTES + LENGTH_AT) / 4]
  }
}
