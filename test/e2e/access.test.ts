import assert from 'node:assert/strict'
import { request } from 'node:https'
import { test } from 'node:test'
import { filesOf, makeAuthority, makeCertificate } from '../servers/certificates.ts'
import { deltaRequest } from './otlp-requests.ts'
import { Sandbox } from './weir-process.ts'

test('a receiver with TLS and a token, an admin server with a user; neither secret is shown', async t => {
  const authority = await makeAuthority()
  const { certificate, key } = await makeCertificate(authority)
  const file = filesOf(t, { cert: certificate, key })
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(`
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:0
        auth: apps
        tls: { cert_file: ${file('cert')}, key_file: ${file('key')} }
exporters:
  debug: { verbosity: none }
service:
  admin: { endpoint: 127.0.0.1:0, auth: ops }
  authenticators:
    apps: { bearer: { tokens: [{ token: token-of-apps }] } }
    ops: { basic: { users: [{ username: anna, password: password-of-anna }] } }
  pipelines:
    a: { receivers: [otlp], exporters: [debug] }
`)
  const url = /https:\/\/\S+metrics/.exec(weir.stdout)![0]
  const send = (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const type = { 'content-type': 'application/x-protobuf' }
      request(url, { method: 'POST', ca: authority.certificate, headers: { ...type, ...headers } }, response => {
        response.resume().on('end', () => resolve(response.statusCode!))
      })
        .on('error', reject)
        .end(deltaRequest([{ name: 'a', attributes: {}, time: Date.now(), value: 1 }]))
    })
  assert.equal(await send({}), 401)
  assert.equal(await send({ authorization: 'Bearer token-of-apps' }), 200)
  const anna = { authorization: `Basic ${Buffer.from('anna:password-of-anna').toString('base64')}` }
  const admin = async (path: string, headers = {}) => (await fetch(`${weir.admin}${path}`, { headers })).status
  assert.deepEqual(await Promise.all([admin('/healthz'), admin('/readyz')]), [200, 200])
  for (const path of [
    '/',
    '/main.js',
    '/metrics',
    '/api/status',
    '/api/session',
    '/api/dashboards',
    '/api/tap',
    '/api/why'
  ])
    assert.equal(await admin(path), 401, path)
  assert.deepEqual(await Promise.all([admin('/', anna), admin('/metrics', anna)]), [200, 200])
  const { code } = await sandbox.weir('reload', '--admin', weir.admin.replace('//', '//anna:password-of-anna@'))
  assert.equal(code, 0)
  assert.notEqual((await sandbox.weir('reload', '--admin', weir.admin)).code, 0)
  await weir.stop()
  assert.doesNotMatch(weir.stdout + weir.stderr, /token-of-apps|password-of-anna/)
})
