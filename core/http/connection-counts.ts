import type { Socket } from 'node:net'

/** Connections of each address that are open. */
export class ConnectionCounts {
  readonly #most: number
  readonly #open = new Map<string, number>()

  /** @param most of one address */
  constructor(most: number) {
    this.#most = most
  }

  /** False if the address has as many as it may. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? ''
    const open = this.#open.get(address) ?? 0
    if (open >= this.#most) return false
    this.#open.set(address, open + 1)
    socket.once('close', () => this.#release(address))
    return true
  }

  #release(address: string): void {
    const left = this.#open.get(address)! - 1
    if (left > 0) this.#open.set(address, left)
    else this.#open.delete(address)
  }
}
