import { createServer, type Server } from 'node:http'
import { Subject } from 'rxjs'
import { type Batch, defineReceiver, type Receiver } from 'weir/plugin'

/** Brings no data. A request to it ends the worker that it is in, as a fault in a plugin would. */
class FatalReceiver implements Receiver {
  readonly batches$ = new Subject<Batch>()
  readonly #port: number
  readonly #server: Server

  constructor(port: number) {
    this.#port = port
    this.#server = createServer((_request, response) => {
      response.end()
      setImmediate(() => {
        throw new Error('a request asked for this')
      })
    })
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve)
    })
  }

  async stop(): Promise<void> {
    this.batches$.complete()
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

export default defineReceiver({
  type: 'fatal',
  stability: 'development',
  description: 'Ends its worker when asked to.',
  ports: { out: 'points' },
  workers: 'one',
  schema: {
    type: 'object',
    required: ['port'],
    properties: { port: { type: 'integer', description: 'Port on 127.0.0.1.' } }
  },
  create: ({ port }) => new FatalReceiver(port)
})
