import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Secrets } from '../../../core/config/secrets.ts'

it('hides texts wherever they stand, as whole words', () => {
  const secrets = new Secrets()
  secrets.add('s3cret-token', '${env:TOKEN}')
  assert.equal(secrets.hide('Bearer s3cret-token, "s3cret-token"'), 'Bearer ${env:TOKEN}, "${env:TOKEN}"')
  assert.equal(secrets.hide('as3cret-token s3cret-tokens'), 'as3cret-token s3cret-tokens')
})

it('hides them in JSON, with characters that are special in patterns, and the longer of two first', () => {
  const secrets = new Secrets()
  secrets.add('a"b\\c+(d', 'A')
  secrets.add('a"b\\c+(d.e', 'B')
  assert.equal(secrets.hide(JSON.stringify({ msg: 'a"b\\c+(d.e, a"b\\c+(d' })), '{"msg":"B, A"}')
})

it('leaves texts alone that are too short to be told from other things', () => {
  const secrets = new Secrets()
  secrets.add('4318', '${env:PORT}')
  assert.equal(secrets.hide('4318 points'), '4318 points')
})

it('knows the options a schema marks, in mappings and lists', () => {
  const secrets = new Secrets()
  const secret = { type: 'string', writeOnly: true }
  secrets.addMarked(
    {
      type: 'object',
      properties: {
        auth: { type: 'object', properties: { user: { type: 'string' }, password: secret } },
        keys: { type: 'array', items: secret },
        headers: { type: 'object', writeOnly: true }
      },
      additionalProperties: { type: 'object', properties: { token: secret } }
    },
    {
      auth: { user: 'username', password: 'password1' },
      keys: ['key-number-1'],
      headers: { a: 'header-1' },
      b: { token: 'token-1' }
    }
  )
  assert.equal(
    secrets.hide('username password1 key-number-1 header-1 token-1'),
    'username [secret] [secret] [secret] [secret]'
  )
})
