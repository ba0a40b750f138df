import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { bundleForBrowsers } from '../../../scripts/build-client.ts'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox, type Weir } from '../../e2e/weir-process.ts'
import { freePort } from '../../servers/free-port.ts'

const PAGE = `<!doctype html><title>shop</title><script type="module">
import { createClient } from '/client.js'
window.createClient = createClient
</script>`

/** Counts events called `click` in windows, through a journal, and takes them from one page's origin. */
export interface Counting {
  readonly weir: Weir
  /** `http://127.0.0.1:PORT`, from anywhere. */
  readonly endpoint: string
  /** A page that has `createClient`. */
  readonly page: string
  /** What else its server has, by path. */
  readonly files: Record<string, string>
  /** Waits for so many events, and a while longer for more. */
  assertEvents(n: number): Promise<void>
  /** Waits for so many events that had come before. */
  assertDuplicates(n: number): Promise<void>
  /** Serves the page at the origin whose text is the beginning of {@link endpoint}, and returns it. */
  serveBeside(): Promise<string>
  /** Events so far. */
  received(): Promise<number>
}

export async function startCounting(t: TestContext, files: Readonly<Record<string, string>> = {}): Promise<Counting> {
  const sandbox = await Sandbox.open(t)
  const all: Record<string, string> = { '/': PAGE, '/client.js': await bundleForBrowsers(), ...files }
  const page = await serve(t, all)
  const port = await freePort()
  const weir = await sandbox.start(config(port, page))
  const assertEvents = async (n: number) => {
    await eventually(`${n} events`, async () => (await received(weir)) >= n, { deadlineMs: 40_000 })
    // Duplicates would come now.
    await new Promise(resolve => setTimeout(resolve, 1000))
    assert.equal(await received(weir), n)
  }
  const assertDuplicates = async (n: number) => {
    await eventually(`${n} duplicates`, async () => {
      const { account } = await weir.component('processor dedup')
      return account.dropped.duplicate === n
    })
  }
  return {
    weir,
    endpoint: `http://127.0.0.1:${port}`,
    page,
    files: all,
    assertEvents,
    assertDuplicates,
    serveBeside: () => serve(t, all, Number(new URL(shortened(port)).port)),
    received: () => received(weir)
  }
}

/** Events that were no duplicates. */
async function received(weir: Weir): Promise<number> {
  return (await weir.component('processor windowed_counter')).account.received
}

async function serve(t: TestContext, files: Readonly<Record<string, string>>, port = 0): Promise<string> {
  const server = createServer(({ url }, response) => {
    const type = url!.endsWith('.js') ? 'text/javascript' : 'text/html'
    if (url! in files) response.writeHead(200, { 'content-type': type }).end(files[url!])
    else response.writeHead(404).end()
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The origin of a port without its last digit. */
const shortened = (port: number) => `http://127.0.0.1:${Math.floor(port / 10)}`

const config = (port: number, page: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:${port}, cors_allowed_origins: ['${page}', '${shortened(port)}'] } } }
processors:
  dedup: { mode: client_seq, window: 1h }
  dedup/metrics: { mode: client_seq, window: 1h }
  windowed_counter: { windows: [1s] }
exporters:
  debug:
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: ./journal }
  pipelines:
    metrics: { receivers: [otlp], processors: [dedup/metrics], exporters: [debug] }
    events: { items: [events], receivers: [otlp], processors: [dedup, windowed_counter], exporters: [debug] }
`
