import { unlink } from 'node:fs/promises'
import { setImmediate } from 'node:timers/promises'
import { type Context, describeError } from '../../../sdk/plugin/index.ts'
import { DatagramSocket } from './datagram-socket.ts'
import type { Listener, Pausable } from './listener.ts'
import { removeAbandoned } from './socket-file.ts'

/** Datagrams read before others have their turn. */
const READ_AT_ONCE = 256

/** A Unix datagram socket. Its senders wait, or drop by their own rules, while it is not read. */
export class UnixgramListener implements Listener, Pausable {
  readonly address: string
  readonly #path: string
  readonly #context: Context
  readonly #receive: (datagram: Buffer | 'too_long') => void
  #socket: DatagramSocket | undefined
  #resumed: PromiseWithResolvers<void> | undefined
  #isStopped = false
  #reading: Promise<void> = Promise.resolve()
  #stopping: Promise<void> | undefined

  constructor(path: string, context: Context, receive: (datagram: Buffer | 'too_long') => void) {
    this.address = `unixgram://${path}`
    this.#path = path
    this.#context = context
    this.#receive = receive
  }

  get example(): string {
    return `echo -n 'page.views:1|c|#page:home' | socat - UNIX-SENDTO:${this.#path}`
  }

  async start(): Promise<void> {
    try {
      await removeAbandoned(this.#path)
      this.#socket = await DatagramSocket.bind(this.#path)
    } catch (cause) {
      const advice = 'is another program there, or a file, or no folder?'
      throw new Error(`statsd cannot listen on ${this.address}: ${describeError(cause)}: ${advice}`, { cause })
    }
    this.#reading = this.#read(this.#socket)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#close()
    return this.#stopping
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#resumed?.resolve()
    this.#resumed = undefined
  }

  async #close(): Promise<void> {
    this.#isStopped = true
    this.resume()
    this.#socket?.shutDown()
    await this.#reading
    if (this.#socket === undefined) return
    this.#socket.close()
    await unlink(this.#path).catch(() => {})
  }

  async #read(socket: DatagramSocket): Promise<void> {
    try {
      while (!this.#isStopped) {
        await this.#resumed?.promise
        const isEmpty = this.#readSome(socket)
        if (isEmpty) await socket.wait()
        else await setImmediate()
      }
    } catch (error) {
      this.#context.status('failed', `${this.address}: ${describeError(error)}`)
    }
  }

  /** Returns whether none is left. */
  #readSome(socket: DatagramSocket): boolean {
    for (let read = 0; read < READ_AT_ONCE && this.#resumed === undefined && !this.#isStopped; read++) {
      const datagram = socket.receive()
      if (datagram === undefined) return true
      this.#receive(datagram)
    }
    return false
  }
}
