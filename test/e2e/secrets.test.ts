import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox } from './weir-process.ts'

const TOKEN = 'token-of-the-environment'
const PASSWORD = 'password-of-the-file'

/** A backend that refuses everything, and says with which credentials it came. */
async function telltale(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    request.resume()
    const [, basic] = /^Basic (.*)$/.exec(request.headers.authorization ?? '') ?? []
    const said = basic === undefined ? request.headers.authorization : Buffer.from(basic, 'base64').toString()
    request.on('end', () => response.writeHead(400).end(`not allowed: ${said}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/write`
}

test('regression: answers of a backend brought secrets into the log and onto the page', async t => {
  const [sandbox, url] = [await Sandbox.open(t), await telltale(t)]
  process.env.WEIR_TEST_TOKEN = TOKEN
  const weir = await sandbox.start(`
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  victoriametrics/bearer:
    endpoint: ${url}
    bearer_token: \${env:WEIR_TEST_TOKEN}
  victoriametrics/basic:
    endpoint: ${url}
    basic_auth: { username: somebody, password: ${PASSWORD} }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    p: { receivers: [otlp], exporters: [victoriametrics/bearer, victoriametrics/basic] }
`)
  await postOtlp(weir.otlp, deltaRequest([{ name: 'counted', attributes: { a: 'b' }, time: Date.now(), value: 1 }]))
  await eventually('both refuse it', () => weir.stderr.match(/not allowed/g)?.length === 2)
  const page = await (await fetch(`${weir.admin}/api/status`)).text()
  for (const shown of [weir.stderr, page]) {
    assert.match(shown, /not allowed: Bearer \$\{env:WEIR_TEST_TOKEN\}/)
    assert.match(shown, /not allowed: somebody:\[secret\]/)
    assert.ok(!shown.includes(TOKEN) && !shown.includes(PASSWORD), shown)
  }
  await weir.stop()
})

test('the way of a series names backends without secrets', async t => {
  const [sandbox, url] = [await Sandbox.open(t), await telltale(t)]
  process.env.WEIR_TEST_URL = `${url}?key=${TOKEN}`
  const weir = await sandbox.start(`
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  victoriametrics: { endpoint: "\${env:WEIR_TEST_URL}" }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    p: { receivers: [otlp], exporters: [victoriametrics] }
`)
  const answer = await (await fetch(`${weir.admin}/api/why?metric=counted&watch=0`)).text()
  assert.match(answer, /by remote write to \$\{env:WEIR_TEST_URL\}/)
  assert.ok(!answer.includes(TOKEN), answer)
  await weir.stop()
})
