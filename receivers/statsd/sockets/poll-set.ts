import type { Libc } from './libc.ts'

const POLLIN = 1
const POLL_FD_BYTES = 8

/** Sockets that are waited for together. A wait ends once one of them has a datagram, or was shut down. */
export class PollSet {
  readonly #libc: Libc
  readonly #count: number
  readonly #fds: Buffer

  constructor(libc: Libc, fds: readonly number[]) {
    this.#libc = libc
    this.#count = fds.length
    this.#fds = Buffer.alloc(POLL_FD_BYTES * fds.length)
    for (const [i, fd] of fds.entries()) {
      this.#fds.writeInt32LE(fd, i * POLL_FD_BYTES)
      this.#fds.writeInt16LE(POLLIN, i * POLL_FD_BYTES + 4)
    }
  }

  /** Blocks the thread. */
  block(ms: number): void {
    this.#libc.poll(this.#fds, this.#count, ms)
  }

  /** Takes one of libuv's threads. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#libc.poll.async(this.#fds, this.#count, ms, (error: Error | null) => (error ? reject(error) : resolve()))
    )
  }
}
