import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { readWriteRequest } from '../core/wire/remote-write/read-write-request.ts'
import { uncompress } from '../core/wire/remote-write/uncompress.ts'
import { type StoredPoint, seriesKey } from './counts.ts'

/** `take`: stores and answers 204. `hang`: no answer. `refuse`: 503 with Retry-After. None of the latter two stores. */
type Behaviour = 'take' | 'hang' | 'refuse'

export interface ReceivedSample {
  readonly series: string
  readonly labels: Readonly<Record<string, string>>
  /** Unix ms */
  readonly time: number
  readonly value: number
}

/** Takes remote write with zstd and with snappy, and misbehaves on demand. */
export class RemoteWriteBackend {
  behaviour: Behaviour
  /** Requests with this in a label are refused for good. */
  poison: string | undefined
  /** Requests it did not take. */
  turnedAway = 0
  /** Not decoded yet: tests ask for the samples again and again. */
  #bodies: Buffer[] = []
  #samples: ReceivedSample[] = []
  #hanging: ServerResponse[] = []
  #server: Server | undefined
  #port = 0

  constructor(behaviour: Behaviour = 'take') {
    this.behaviour = behaviour
  }

  /** Running until the test ends. */
  static async start(t: TestContext, behaviour?: Behaviour): Promise<RemoteWriteBackend> {
    const backend = new RemoteWriteBackend(behaviour)
    await backend.start()
    t.after(() => backend.stop())
    return backend
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/api/v1/write`
  }

  /** At the same address as before. */
  async start(): Promise<void> {
    this.#server = createServer(async (request, response) => {
      const body = await buffer(request).catch(() => undefined)
      if (body !== undefined) this.#answer(uncompress(body, request.headers['content-encoding']), response)
    })
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const closed = new Promise(resolve => this.#server!.close(resolve))
    this.#server!.closeAllConnections()
    await closed
  }

  /** What it has taken is gone. */
  discard(): void {
    this.#bodies = []
    this.#samples = []
  }

  /** Everything it has taken, repeats included. */
  samples(): readonly ReceivedSample[] {
    for (const body of this.#bodies.splice(0)) this.#samples.push(...samplesIn(body))
    return this.#samples
  }

  #answer(body: Buffer, response: ServerResponse): void {
    if (this.poison !== undefined && body.includes(this.poison)) {
      this.turnedAway++
      response.writeHead(400).end('a label it does not like\n')
      return
    }
    if (this.behaviour === 'take') {
      this.#bodies.push(body)
      response.writeHead(204).end()
      return
    }
    this.turnedAway++
    if (this.behaviour === 'hang') this.#hanging.push(response)
    else response.writeHead(503, { 'retry-after': '1' }).end('out of order\n')
  }
}

function samplesIn(body: Buffer): ReceivedSample[] {
  return readWriteRequest(body).series.flatMap(({ labels: pairs, samples }) => {
    const labels = Object.fromEntries(pairs)
    const { __name__: name, ...rest } = labels
    const series = seriesKey(name.replace(/_total$/, ''), rest)
    return samples.map(({ timestamp, value }) => ({ series, labels, time: Number(timestamp), value }))
  })
}

/** What the backend stores: one sample for a series and time. That it came twice must not change it. */
export function storedWindows(samples: readonly ReceivedSample[]): StoredPoint[] {
  const stored = new Map<string, StoredPoint>()
  for (const { series, labels, time, value } of samples) {
    const { window, late } = labels
    const key = `${series} ${window} ${late} ${time}`
    assert.equal(stored.get(key)?.value ?? value, value, `samples sent again are the same: ${key}`)
    stored.set(key, { series, window, late: late === 'true', time, value })
  }
  return [...stored.values()]
}
