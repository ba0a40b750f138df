import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FOREVER, makeExporter } from './harness.ts'
import { counterBlock } from './samples.ts'

const TRICKLE_MS = 20
const CHUNK = Buffer.alloc(64 * 1024, 'x')

/** A server whose answers never end: byte by byte, or as fast as they are read. */
async function endless(how: 'trickle' | 'flood', status: number) {
  const open = new Set<ServerResponse>()
  let sent = 0
  const server = createServer((request, response) => {
    request.resume()
    open.add(response)
    response.writeHead(status, status === 200 ? {} : { 'x-clickhouse-exception-code': '159' })
    const send = () => {
      if (response.destroyed) return
      const chunk = how === 'trickle' ? 'x' : CHUNK
      sent += chunk.length
      const goesOn = response.write(chunk)
      if (how === 'trickle') setTimeout(send, TRICKLE_MS)
      else if (goesOn) setImmediate(send)
      else response.once('drain', send)
    }
    send()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get sent() {
      return sent
    },
    stop() {
      for (const response of open) response.destroy()
      server.close()
    }
  }
}

for (const status of [200, 500])
  test(`regression: an answer of ${status} that comes byte by byte held up a stop for 30 s`, async () => {
    const server = await endless('trickle', status)
    const { exporter, context } = makeExporter({ endpoint: server.url, create_schema: false, ...FOREVER })
    const begun = performance.now()
    await assert.rejects(exporter.export(counterBlock(context.series, 10, 1), AbortSignal.timeout(200)))
    await exporter.stop(AbortSignal.timeout(1000))
    const ms = performance.now() - begun
    assert.ok(ms < 2000, `${ms} ms`)
    server.stop()
  })

test('regression: an answer was read to its end, however long', async () => {
  for (const status of [200, 500]) {
    const server = await endless('flood', status)
    const { exporter, context } = makeExporter({ endpoint: server.url, create_schema: false, ...FOREVER })
    const done = exporter.export(counterBlock(context.series, 10, 1), AbortSignal.timeout(10_000))
    if (status === 200) await done
    else await assert.rejects(done, /HTTP 500: x{300}$/)
    assert.ok(server.sent < 32 * 2 ** 20, `${server.sent} bytes were taken`)
    await exporter.stop(AbortSignal.timeout(1000))
    server.stop()
  }
})
