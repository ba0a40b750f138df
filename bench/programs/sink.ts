import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'
import { decompress } from '../../core/wire/snappy.ts'
import { SinkTotals } from './sink-totals.ts'

const MAX_BODY_BYTES = 1 << 30

/**
 * Takes remote write and stores nothing. Bodies are kept compressed, and are read after the measurement: the time for
 * that would be taken from the program.
 */
export class NullSink {
  readonly #server: Server
  #bodies: { readonly encoding: string; readonly body: Buffer }[] = []
  bytes = 0
  requests = 0
  /** When the last request came, by `performance.now()`. */
  lastRequestAt = 0

  private constructor() {
    this.#server = createServer(async (request, response) => {
      const body = await buffer(request).catch(() => undefined)
      if (body === undefined) return
      this.#bodies.push({ encoding: request.headers['content-encoding'] ?? '', body })
      this.bytes += body.length
      this.requests++
      this.lastRequestAt = performance.now()
      response.writeHead(204).end()
    })
  }

  static async start(): Promise<NullSink> {
    const sink = new NullSink()
    sink.#server.listen(0, '127.0.0.1')
    await once(sink.#server, 'listening')
    return sink
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/api/v1/write`
  }

  /** Sums over everything that came. */
  totals(): SinkTotals {
    const totals = new SinkTotals()
    for (const { encoding, body } of this.#bodies) totals.add(uncompressed(encoding, body))
    return totals
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

function uncompressed(encoding: string, body: Buffer): Uint8Array {
  if (encoding === 'snappy') return decompress(body, MAX_BODY_BYTES)
  if (encoding === 'zstd') return zstdDecompressSync(body, { maxOutputLength: MAX_BODY_BYTES })
  throw new Error(`remote write has the content encoding "${encoding}": the sink reads snappy and zstd`)
}
