import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { RemoteWriteBackend } from '../../e2e/remote-write-backend.ts'

/** The values of each series in the order of their times, by the text of its labels. */
export type Written = ReadonlyMap<string, readonly number[]>

export interface Sink {
  /** URL of remote write, or `host:port` of Graphite. */
  readonly target: string
  written(): Promise<Written>
  stop(): Promise<void>
}

/** Labels that are about the writer. */
const LEFT_OUT = /^(target_info|up|scrape_)/

export async function remoteWriteSink(): Promise<Sink> {
  const backend = new RemoteWriteBackend()
  await backend.start()
  return {
    target: backend.url,
    stop: () => backend.stop(),
    async written() {
      const series = new Map<string, Map<number, number>>()
      for (const { labels, time, value } of backend.samples()) {
        if (LEFT_OUT.test(labels.__name__) || !Number.isFinite(value)) continue
        add(series, seriesText(labels), time, value)
      }
      return inOrder(series)
    }
  }
}

/** A server for Graphite's text, with names as remote write has them. */
export async function graphiteSink(): Promise<Sink> {
  const series = new Map<string, Map<number, number>>()
  const server = createServer(async socket => {
    for (const line of (await text(socket)).split('\n').filter(Boolean)) {
      const [name, value, time] = line.split(' ')
      const [metric, ...tags] = name.split(';')
      const labels = Object.fromEntries(tags.map(tag => tag.split('=') as [string, string]))
      add(series, seriesText({ ...labels, __name__: metric.replaceAll(/\W/g, '_') }), Number(time), Number(value))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    written: async () => inOrder(series),
    stop: () => new Promise(resolve => server.close(() => resolve()))
  }
}

function add(series: Map<string, Map<number, number>>, key: string, time: number, value: number): void {
  const values = series.get(key) ?? new Map<number, number>()
  series.set(key, values.set(time, value))
}

function inOrder(series: ReadonlyMap<string, ReadonlyMap<number, number>>): Written {
  const sorted = ([key, values]: [string, ReadonlyMap<number, number>]) =>
    [key, [...values].sort(([a], [b]) => a - b).map(([, value]) => value)] as const
  return new Map([...series].map(sorted).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function seriesText({ __name__: name, ...labels }: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${name}{${pairs.map(([key, value]) => `${key}="${value}"`).join(',')}}`
}
