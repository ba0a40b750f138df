import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authenticators } from '../../../core/http/access/authenticators.ts'
import plugin from '../../../receivers/http/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { JSON_TYPE, running } from './harness.ts'

const SHOP = 'https://shop.example.com'
const EVENT = { name: 'click' }

test('pages of allowed origins may send, after asking and without', async t => {
  const { url, post, blocks } = await running(t, { cors_allowed_origins: [SHOP, 'https://*.example.org:8443'] })
  for (const origin of [SHOP, 'https://a.example.org:8443']) {
    const asked = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
    })
    assert.equal(asked.status, 204)
    assert.equal(asked.headers.get('access-control-allow-origin'), origin)
    assert.equal(asked.headers.get('access-control-allow-methods'), 'POST')
    assert.match(asked.headers.get('access-control-allow-headers')!, /content-type/)
    assert.equal(asked.headers.get('access-control-allow-credentials'), 'true')
    const { status, headers } = await post(EVENT, JSON_TYPE, { origin })
    assert.deepEqual([status, headers.get('access-control-allow-origin'), headers.get('vary')], [200, origin, 'Origin'])
  }
  // A page has to be able to read an error as well.
  const refused = await post('{', JSON_TYPE, { origin: SHOP })
  assert.deepEqual([refused.status, refused.headers.get('access-control-allow-origin')], [400, SHOP])
  assert.equal(blocks.length, 2)
})

test('pages of other origins are refused, although their browsers may not ask', async t => {
  const { post, blocks } = await running(t, { cors_allowed_origins: [SHOP, 'https://*.example.org'] })
  for (const origin of ['https://evil.example', `${SHOP}.evil.example`, 'https://a.b/.example.org', 'null']) {
    const { status, headers } = await post(EVENT, 'text/plain', { origin })
    assert.deepEqual([status, headers.get('access-control-allow-origin')], [403, null], origin)
  }
  assert.equal(blocks.length, 0)
  assert.equal((await post(EVENT)).status, 200)
})

test('sendBeacon’s text is JSON where pages may send, and nothing elsewhere', async t => {
  const open = await running(t, { cors_allowed_origins: ['*'] })
  const { status, headers } = await open.post(JSON.stringify([EVENT]), 'text/plain;charset=UTF-8', { origin: SHOP })
  assert.deepEqual([status, headers.get('access-control-allow-origin')], [200, '*'])
  assert.equal(headers.get('access-control-allow-credentials'), null)
  const closed = await running(t)
  assert.equal((await closed.post(EVENT, 'text/plain', { origin: SHOP })).status, 415)
  const asked = await fetch(closed.url, { method: 'OPTIONS', headers: { origin: SHOP } })
  assert.deepEqual([asked.status, asked.headers.get('access-control-allow-origin')], [405, null])
})

test('pages may send the credentials that are asked for', async t => {
  const context = testContext('http')
  const authenticators = new Authenticators({ apps: { bearer: { tokens: [{ token: 'a-token' }] } } }, context)
  const access = { tenants: undefined, authenticator: (name: string) => authenticators.authenticator(name) }
  const options = { cors_allowed_origins: [SHOP], auth: 'apps' }
  const { url, post } = await running(t, options, batch => batch.ack(), { ...context, access })
  const asked = await fetch(url, { method: 'OPTIONS', headers: { origin: SHOP } })
  assert.match(asked.headers.get('access-control-allow-headers')!, /\bauthorization\b/)
  assert.equal((await post(EVENT, JSON_TYPE, { origin: SHOP })).status, 401)
  assert.equal((await post(EVENT, JSON_TYPE, { origin: SHOP, authorization: 'Bearer a-token' })).status, 200)
})

test('an origin has no path', () => {
  assert.throws(() => testConfig(plugin, { cors_allowed_origins: [`${SHOP}/`] }), /must match/)
})
