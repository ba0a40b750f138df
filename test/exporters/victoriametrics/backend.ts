import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { type ReadRequest, readWriteRequest } from '../../core/wire/remote-write/read-write-request.ts'
import { uncompress } from '../../core/wire/remote-write/uncompress.ts'

/** A backend that answers as told, until the test ends; the URL to write to. */
export async function startBackend(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`
}

export async function writeRequestOf(request: IncomingMessage): Promise<ReadRequest> {
  return readWriteRequest(uncompress(await buffer(request), request.headers['content-encoding']))
}
