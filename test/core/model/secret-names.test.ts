import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSecretName, redacted, redactedSamples } from '../../../core/model/secret-names.ts'

test('names of attributes that may hold secrets', () => {
  for (const [name, want] of [
    ['authorization', true],
    ['http.request.header.Authorization', true],
    ['http.request.header.set-cookie', true],
    ['access_token', true],
    ['accessToken', true],
    ['PASSWORD', true],
    ['db.passwd', true],
    ['client.secret', true],
    ['api_key', true],
    ['x-api-key', true],
    ['apiKey', true],
    ['aws.access_key_id', true],
    ['ssh.privateKey', true],
    ['user.credentials', true],
    ['key', false],
    ['http.route', false],
    ['plan', false],
    ['compass', false],
    ['session.id', false]
  ] as const)
    assert.equal(isSecretName(name), want, name)
})

test('their values are redacted, inside maps and lists too', () => {
  const attributes = redacted([
    ['body', [{ user: 'ann', password: 'x' }]],
    ['cookie', ['a=1']],
    ['headers', { authorization: 'Bearer x', accept: '*/*' }],
    ['plan', 'pro'],
    ['raw', new Uint8Array([1])]
  ])
  assert.deepEqual(attributes, [
    ['body', [{ user: 'ann', password: '[redacted]' }]],
    ['cookie', '[redacted]'],
    ['headers', { authorization: '[redacted]', accept: '*/*' }],
    ['plan', 'pro'],
    ['raw', new Uint8Array([1])]
  ])
  assert.deepEqual(redactedSamples('api_key', ['k1', 'k2']), ['[redacted]'])
  assert.deepEqual(redactedSamples('plan', ['pro']), ['pro'])
})
