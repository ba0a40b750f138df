import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { AutoRetry, type Context, defineReceiver, type Metric, PointBlockBuilder, type Receiver } from 'weir/plugin'

/** Characters of a line; a client that sends longer ones does not speak Graphite. */
const LONGEST_LINE = 4096

export default defineReceiver({
  type: 'graphite',
  stability: 'beta',
  description: 'Takes gauges as Graphite writes them, by TCP on the loopback interface.',
  schema: {
    type: 'object',
    properties: {
      port: { type: 'integer', minimum: 0, maximum: 65_535, description: 'Port; 0 takes a free one.', default: 2003 }
    }
  },
  ports: { out: 'points' },
  feeding: {
    input: {
      type: 'object',
      required: ['lines'],
      properties: { lines: { type: 'array', items: { type: 'string' }, description: 'Lines, as a client sends them.' } }
    }
  },
  create: ({ port }, context) => new GraphiteReceiver(port, context)
})

class GraphiteReceiver implements Receiver {
  #port: number
  #context: Context
  #entry: AutoRetry
  #server: Server | undefined
  #sockets = new Set<Socket>()

  constructor(port: number, context: Context) {
    this.#port = port
    this.#context = context
    // Graphite has no replies: nacked batches wait here and are retried, as long as there are credits.
    this.#entry = new AutoRetry(context)
  }

  get batches$() {
    return this.#entry.batches$
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) return
    this.#server = createServer(socket => this.#read(socket)).listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    const { port } = this.#server.address() as { port: number }
    this.#context.announce(
      `Graphite on 127.0.0.1:${port}`,
      `echo "shop.visits 1 $(date +%s)" > /dev/tcp/127.0.0.1/${port}`
    )
  }

  async stop(): Promise<void> {
    this.#server?.close()
    for (const socket of this.#sockets) socket.destroy()
    this.#entry.close()
  }

  async feed(input: unknown): Promise<undefined> {
    this.#take((input as { lines: string[] }).lines)
  }

  #read(socket: Socket): void {
    let rest = ''
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      this.#take(lines)
      if (rest.length <= LONGEST_LINE) return
      this.#refuse()
      socket.destroy()
    })
  }

  #take(lines: readonly string[]): void {
    const points = new PointBlockBuilder()
    for (const line of lines) {
      const [, name, value, seconds] = /^(\S+) (\S+) (\d+)\r?$/.exec(line) ?? []
      if (name === undefined || Number.isNaN(Number(value))) this.#refuse()
      else points.add(this.#context.series.intern(gauge(name), []), Number(seconds) * 1000, Number(value))
    }
    if (points.length > 0) this.#entry.push(points.build())
  }

  #refuse(): void {
    this.#context.account.received++
    this.#context.account.drop('malformed')
  }
}

const gauge = (name: string): Metric => ({ name, unit: '', description: '', kind: 'gauge', temporality: 'unspecified' })
