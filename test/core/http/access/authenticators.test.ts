import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import pino from 'pino'
import { Authenticators } from '../../../../core/http/access/authenticators.ts'
import type { AuthenticatorConfig } from '../../../../core/http/access/config.ts'
import type { JwtConfig } from '../../../../core/http/access/jwt.ts'
import { LOOK_MS } from '../../../../core/http/access/reloaded-file.ts'
import { FakeClock } from '../../../../sdk/plugin/testing.ts'
import { filesOf } from '../../../servers/certificates.ts'

const clock = new FakeClock(Date.now())
const log = pino({ level: 'silent' })
const authenticatorOf = (config: AuthenticatorConfig) =>
  new Authenticators({ it: config }, { clock, log }).authenticator('it')
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
const refused = { status: 401 }

test('a name that is not there', () => {
  const none = new Authenticators({}, { clock, log })
  for (const name of ['it', 'constructor'])
    assert.throws(() => none.authenticator(name), { code: 'CONFIG_INVALID', message: new RegExp(`has no "${name}"`) })
})

test('bearer: a token of the configuration, or of a file that may change', async t => {
  const file = filesOf(t, { token: 'from-a-file\n' })
  const it = authenticatorOf({
    bearer: { tokens: [{ token: 'secret-a', tenant: 'a' }, { token_file: file('token') }] }
  })
  const bearer = (token: string) => it.authenticate({ authorization: `Bearer ${token}` })
  assert.deepEqual(await bearer('secret-a'), { subject: 'token 1', tenant: 'a' })
  assert.deepEqual(await it.authenticate({ authorization: 'bearer secret-a' }), { subject: 'token 1', tenant: 'a' })
  assert.deepEqual(await bearer('from-a-file'), { subject: 'token 2', tenant: undefined })
  for (const wrong of ['secret-b', 'secret', 'secret-a2', '', 'from-a-filex'])
    await assert.rejects(bearer(wrong), { ...refused, headers: { 'www-authenticate': 'Bearer realm="weir"' } })
  await assert.rejects(it.authenticate({}), refused)
  await assert.rejects(it.authenticate(basic('a:secret-a')), refused)
  writeFileSync(file('token'), 'the-next')
  clock.advance(LOOK_MS)
  await assert.rejects(bearer('from-a-file'), refused)
  assert.equal((await bearer('the-next')).subject, 'token 2')
  // What stands there now is no token.
  writeFileSync(file('token'), '')
  clock.advance(LOOK_MS)
  assert.equal((await bearer('the-next')).subject, 'token 2')
})

test('basic: user and password', async () => {
  const users = [
    { username: 'anna', password: 'p:w', tenant: 'a' },
    { username: 'ben', password: 'ß' }
  ]
  const it = authenticatorOf({ basic: { users } })
  assert.deepEqual(await it.authenticate(basic('anna:p:w')), { subject: 'anna', tenant: 'a' })
  assert.deepEqual(await it.authenticate(basic('ben:ß')), { subject: 'ben', tenant: undefined })
  for (const wrong of ['anna:ß', 'anna', 'ben:p:w', ':p:w', '', 'constructor:x'])
    await assert.rejects(it.authenticate(basic(wrong)), refused)
})

interface Issuer {
  readonly keys: object
  sign(claims: object, options?: { until?: number; issuer?: string; audience?: string }): Promise<string>
}

async function issuer(): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  return {
    keys: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'k' }] },
    sign: (claims, { until = clock.now() / 1000 + 3600, issuer = 'https://sso', audience = 'weir' } = {}) =>
      new SignJWT({ sub: 'anna', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'k' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setExpirationTime(Math.floor(until))
        .sign(privateKey)
  }
}

const JWT: JwtConfig = { issuer: 'https://sso', audience: ['weir'], algorithms: ['ES256'] }
const jwtAuthenticator = (config: Partial<JwtConfig>) => {
  const it = authenticatorOf({ jwt: { ...JWT, ...config } })
  return (token: string) => it.authenticate({ authorization: `Bearer ${token}` })
}

test('jwt: tokens of the issuer, for this service, that are not over', async t => {
  const sso = await issuer()
  const file = filesOf(t, { jwks: JSON.stringify(sso.keys) })
  const ask = jwtAuthenticator({ jwks_file: file('jwks'), tenant_claim: 'org' })
  const good = await sso.sign({ org: 'acme' })
  assert.deepEqual(await ask(good), { subject: 'anna', tenant: 'acme' })
  assert.deepEqual(await ask(good), { subject: 'anna', tenant: 'acme' })
  const other = await issuer()
  for (const wrong of [
    'x',
    `${good.slice(0, -4)}AAAA`,
    await other.sign({ org: 'acme' }),
    await sso.sign({ org: 'acme' }, { issuer: 'https://other' }),
    await sso.sign({ org: 'acme' }, { audience: 'other' }),
    await sso.sign({ org: 'acme' }, { until: clock.now() / 1000 - 120 }),
    await sso.sign({}),
    await sso.sign({ org: 7 })
  ])
    await assert.rejects(ask(wrong), refused)
  clock.advance(2 * 3_600_000)
  await assert.rejects(ask(good), refused)
})

test('jwt: a token that was taken before is refused once its key is gone from the file', async t => {
  const sso = await issuer()
  const file = filesOf(t, { jwks: JSON.stringify(sso.keys) })
  const ask = jwtAuthenticator({ jwks_file: file('jwks') })
  const token = await sso.sign({})
  assert.equal((await ask(token)).subject, 'anna')
  const next = await issuer()
  writeFileSync(file('jwks'), JSON.stringify(next.keys))
  clock.advance(LOOK_MS)
  await assert.rejects(ask(token), refused)
  assert.equal((await ask(await next.sign({}))).subject, 'anna')
})

test('jwt: keys without a name are tried one after the other', async t => {
  const [first, second, other] = await Promise.all(Array.from({ length: 3 }, () => generateKeyPair('ES256')))
  const keys = await Promise.all([first, second].map(({ publicKey }) => exportJWK(publicKey)))
  const ask = jwtAuthenticator({ jwks_file: filesOf(t, { jwks: JSON.stringify({ keys }) })('jwks') })
  const sign = ({ privateKey }: typeof first, audience = 'weir') =>
    new SignJWT({ sub: 'anna' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer('https://sso')
      .setAudience(audience)
      .setExpirationTime(Math.floor(clock.now() / 1000 + 3600))
      .sign(privateKey)
  for (const pair of [first, second]) assert.equal((await ask(await sign(pair))).subject, 'anna')
  await assert.rejects(ask(await sign(other)), refused)
  await assert.rejects(ask(await sign(second, 'other')), refused)
})

test('jwt: discovery finds the keys; while they cannot be had, the sender should try again', async t => {
  const sso = await issuer()
  let isDown = true
  const server = createServer(({ url }, response) => {
    const { port } = server.address() as AddressInfo
    if (isDown) response.writeHead(500).end()
    else if (url === '/.well-known/openid-configuration')
      response.end(JSON.stringify({ jwks_uri: `http://127.0.0.1:${port}/keys` }))
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(sso.keys))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = jwtAuthenticator({ issuer: at })
  const token = await sso.sign({}, { issuer: at })
  await assert.rejects(ask(token), { status: 503, headers: { 'retry-after': '3' } })
  isDown = false
  assert.deepEqual(await ask(token), { subject: 'anna', tenant: undefined })
})
