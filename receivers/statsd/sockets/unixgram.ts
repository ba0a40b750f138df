import { unlink } from 'node:fs/promises'
import { type Context, describeError } from '../../../sdk/plugin/index.ts'
import type { DatagramEvents, DatagramSink } from './datagram-events.ts'
import { DatagramSocket } from './datagram-socket.ts'
import { loadLibc } from './libc.ts'
import type { Listener, Pausable } from './listener.ts'
import { removeAbandoned } from './socket-file.ts'
import { UnixgramReader } from './unixgram-reader.ts'

/** A Unix datagram socket. Its senders wait, or drop by their own rules, while it is not read. */
export class UnixgramListener implements Listener, Pausable {
  readonly address: string
  readonly #path: string
  readonly #events: DatagramEvents
  #reader: UnixgramReader | undefined
  #isPaused = false
  #stopping: Promise<void> | undefined

  constructor(path: string, context: Context, events: DatagramSink) {
    this.address = `unixgram://${path}`
    this.#path = path
    const failed = (error: unknown) => context.status('failed', `${this.address}: ${describeError(error)}`)
    this.#events = { ...events, failed, resumed: () => context.status('ok') }
  }

  get example(): string {
    return `echo -n 'page.views:1|c|#page:home' | socat - UNIX-SENDTO:${this.#path}`
  }

  async start(): Promise<void> {
    try {
      await removeAbandoned(this.#path)
      const libc = await loadLibc()
      this.#reader = new UnixgramReader(libc, DatagramSocket.bindUnix(libc, this.#path), this.#events)
      if (this.#isPaused) this.#reader.pause()
    } catch (cause) {
      const advice = 'is another program there, or a file, or no folder?'
      throw new Error(`statsd cannot listen on ${this.address}: ${describeError(cause)}: ${advice}`, { cause })
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#close()
    return this.#stopping
  }

  pause(): void {
    this.#isPaused = true
    this.#reader?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#reader?.resume()
  }

  async #close(): Promise<void> {
    if (this.#reader === undefined) return
    await this.#reader.close()
    await unlink(this.#path).catch(() => {})
  }
}
