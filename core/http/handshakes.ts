import type { Server, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/**
 * Connections whose TLS handshake is not over. Node's servers of HTTP do not know them yet, but do not close before they have
 * ended.
 */
export class Handshakes {
  readonly #sockets = new Map<string, Socket>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      const key = keyOf(socket)
      this.#sockets.set(key, socket)
      socket.once('close', () => {
        if (this.#sockets.get(key) === socket) this.#sockets.delete(key)
      })
    })
    server.on('secureConnection', (socket: TLSSocket) => this.#sockets.delete(keyOf(socket)))
  }

  /** Ends them: none has sent a request. */
  end(): void {
    for (const socket of this.#sockets.values()) socket.destroy()
  }
}

/** The socket of TLS and the one below it have the same. */
const keyOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
