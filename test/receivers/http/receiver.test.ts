import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { CreditPool } from '../../../core/batch/credits.ts'
import { DEFAULT_CONNECTION_LIMITS } from '../../../core/http/connection-limits.ts'
import plugin from '../../../receivers/http/index.ts'
import { DEFAULT_LIMITS } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { JSON_TYPE, running } from './harness.ts'

const NDJSON = 'application/x-ndjson'

test('one event, with all it may have and with as little as it may', async t => {
  const { post, blocks, context } = await running(t)
  const attributes = { zone: 'b', count: 3, beta: true }
  const full = { name: 'order', value: 9.5, timestamp: 1_760_000_000_123, id: 'o-1', attributes }
  for (const event of [full, { name: 'ping' }])
    assert.deepEqual(await post(event).then(({ status, answer }) => [status, answer]), [
      200,
      { accepted: 1, rejected: 0, errors: [] }
    ])
  assert.deepEqual(blocks, [
    {
      type: 'events',
      length: 1,
      time: Float64Array.of(1_760_000_000_123),
      name: ['order'],
      id: ['o-1'],
      attributes: [
        [
          ['beta', true],
          ['count', 3],
          ['zone', 'b']
        ]
      ],
      value: Float64Array.of(9.5)
    },
    {
      type: 'events',
      length: 1,
      time: Float64Array.of(context.clock.now()),
      name: ['ping'],
      id: [undefined],
      attributes: [[]],
      value: Float64Array.of(1)
    }
  ])
})

test('timestamps', async t => {
  const { post, blocks } = await running(t)
  for (const [timestamp, want] of [
    ['2026-01-31T12:00:00Z', Date.UTC(2026, 0, 31, 12)],
    ['2026-01-31T12:00:00.25Z', Date.UTC(2026, 0, 31, 12) + 250],
    ['2026-01-31T12:00:00+02:00', Date.UTC(2026, 0, 31, 10)],
    ['2026-01-31T12:00:00.123456-05:30', Date.UTC(2026, 0, 31, 17, 30) + 123],
    [1_760_000_000_000.5, 1_760_000_000_000.5]
  ]) {
    assert.equal((await post({ name: 'n', timestamp })).status, 200, String(timestamp))
    assert.equal(blocks.pop()?.time[0], want)
  }
  for (const timestamp of ['2026-01-31', '2026-01-31T12:00:00', 'now', '', 1_760_000_000, 1.76e18, -1, null, true]) {
    const { status, answer } = await post({ name: 'n', timestamp })
    const message = `timestamp must be Unix milliseconds, or RFC 3339 such as 2026-01-31T12:00:00.5Z, not ${JSON.stringify(timestamp)}`
    assert.deepEqual([status, answer.errors[0].message], [400, message])
  }
})

test('an array: the good ones count, the others are told and booked', async t => {
  const { post, blocks, context } = await running(t)
  const { status, answer } = await post([
    { name: 'a' },
    { name: '' },
    { nmae: 'b' },
    { name: 'c', value: '7' },
    7,
    { name: 'd', attributes: [1] },
    { name: 'e', id: 12 },
    { name: 'f', somethingElse: 1 },
    { name: 'z', value: -2 }
  ])
  assert.deepEqual(
    [status, answer],
    [
      200,
      {
        accepted: 2,
        rejected: 7,
        errors: [
          { index: 1, message: 'name must be a string that is not empty, not ""' },
          { index: 2, message: '"nmae" is not part of an event: did you mean name?' },
          { index: 3, message: 'value must be a finite number, not "7"' },
          { index: 4, message: 'an event is an object, not 7' },
          { index: 5, message: 'attributes must be an object, not [1]' },
          { index: 6, message: 'id must be a string that is not empty, not 12' },
          {
            index: 7,
            message: '"somethingElse" is not part of an event: there are name, value, timestamp, id, attributes'
          }
        ]
      }
    ]
  )
  assert.deepEqual(
    [blocks[0].name, [...blocks[0].value]],
    [
      ['a', 'z'],
      [1, -2]
    ]
  )
  const { received, sent, dropped, imbalance } = context.account
  assert.deepEqual([received, sent, imbalance], [9, 2, 0])
  assert.deepEqual(Object.fromEntries(dropped), {
    bad_name: 1,
    unknown_key: 2,
    bad_value: 1,
    malformed: 1,
    bad_attributes: 1,
    bad_id: 1
  })
})

test('NDJSON, with empty lines, bad lines and both kinds of line ends, compressed too', async t => {
  const { post, blocks } = await running(t)
  const body = '{"name":"a"}\r\n\n{"name":\n{"name":"b"}'
  for (const [bytes, headers] of [
    [body, {}],
    [gzipSync(body), { 'content-encoding': 'gzip' }],
    [zstdCompressSync(body), { 'content-encoding': 'zstd' }]
  ] as const) {
    const { status, answer } = await post(bytes, NDJSON, headers)
    assert.deepEqual([status, answer.accepted, answer.rejected, answer.errors[0].line], [200, 2, 1, 3])
    assert.match(answer.errors[0].message, /^not JSON: /)
    assert.deepEqual(blocks.pop()?.name, ['a', 'b'])
  }
})

test('none of them good is 400, and no more than ten errors are told', async t => {
  const { post, context } = await running(t)
  const { status, answer } = await post('x\n'.repeat(25), NDJSON)
  assert.deepEqual([status, answer.accepted, answer.rejected, answer.errors.length], [400, 0, 25, 10])
  assert.deepEqual([context.account.received, context.account.imbalance, context.credits.used], [25, 0, 0])
})

test('nothing at all is a success', async t => {
  const { post, blocks } = await running(t)
  for (const [body, type] of [
    ['[]', JSON_TYPE],
    ['', NDJSON]
  ])
    assert.deepEqual((await post(body, type)).answer, { accepted: 0, rejected: 0, errors: [] })
  assert.equal(blocks.length, 0)
})

for (const [name, body, type, headers, status, message] of [
  ['not JSON', '{"name"', JSON_TYPE, {}, 400, /^not JSON: /],
  ['no JSON', '', JSON_TYPE, {}, 400, /^not JSON: /],
  [
    "curl's default type",
    '{}',
    'application/x-www-form-urlencoded',
    {},
    415,
    /form-urlencoded is not .*: set the header to/
  ],
  ['unknown encoding', '{}', JSON_TYPE, { 'content-encoding': 'br' }, 415, /send gzip, deflate, zstd or none/],
  ['too large', ' '.repeat(2000), JSON_TYPE, {}, 413, /larger than 1024 bytes/]
] as [string, string, string, Record<string, string>, number, RegExp][])
  test(`${name}: ${status}`, async t => {
    const { post, context } = await running(t, { max_body_size: '1KiB' })
    const { status: got, answer } = await post(body, type, headers)
    assert.equal(got, status)
    assert.match(answer.error, message)
    assert.deepEqual([context.account.received, context.credits.used], [0, 0])
  })

test('wrong method, wrong path', async t => {
  const { url, receiver } = await running(t)
  const got = await fetch(url)
  assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST'])
  assert.deepEqual(await got.json(), { error: 'GET is not for /v1/events: use POST' })
  const lost = await fetch(`http://${receiver.address}/events`, { method: 'POST' })
  assert.deepEqual(
    [lost.status, await lost.json()],
    [404, { error: 'there is nothing at /events: events go to /v1/events' }]
  )
})

test('nacked: 503, and nothing was counted for good', async t => {
  const { post, context } = await running(t, {}, batch => batch.nack(new Error('queue full')))
  const { status, headers, answer } = await post([{ name: 'a' }, {}])
  assert.deepEqual([status, headers.get('retry-after'), answer], [503, '3', { error: 'not taken: queue full' }])
  const { received, refused, droppedTotal, imbalance } = context.account
  assert.deepEqual([received, refused, droppedTotal, imbalance], [1, 1, 0, 0])
})

test('dropped downstream is told', async t => {
  const { post } = await running(t, {}, batch => batch.drop('too_old', 1))
  const { status, answer } = await post([{ name: 'a' }, { name: 'b' }])
  const errors = [{ message: '1 event dropped later on: too_old' }]
  assert.deepEqual([status, answer], [200, { accepted: 1, rejected: 1, errors }])
})

test('a path of its own', async t => {
  const { receiver } = await running(t, { path: '/in/shop-1' })
  const headers = { 'content-type': JSON_TYPE }
  const response = await fetch(`http://${receiver.address}/in/shop-1`, {
    method: 'POST',
    body: '{"name":"a"}',
    headers
  })
  assert.equal(response.status, 200)
  assert.throws(() => testConfig(plugin, { path: '/{wild}' }), /path must match pattern/)
})

test('the defaults', () => {
  const { limits, ...others } = testConfig(plugin)
  const own = { endpoint: '127.0.0.1:8080', path: '/v1/events', max_body_size: 20 * 2 ** 20 }
  const forms = { format: 'weir', cors_allowed_origins: [], schemas: { folder: '', unknown: 'accept' } }
  assert.deepEqual(others, { ...own, ...forms, ...DEFAULT_CONNECTION_LIMITS })
  assert.deepEqual(limits, DEFAULT_LIMITS)
})

test('regression: a body of lines that are no JSON held the process up for half a minute', async t => {
  const { post, context } = await running(t)
  const { status, answer } = await post('{x}\n'.repeat(1e6), NDJSON)
  assert.equal(status, 400)
  assert.match(answer.error, /^more than 10000 lines are not JSON, first: not JSON: .*position 1/)
  assert.deepEqual([context.credits.used, context.account.received], [0, 0])
})

const POOL_BYTES = 4 * 2 ** 20
const smallPool = () => Object.assign(testContext('http'), { credits: new CreditPool(POOL_BYTES) })
const event = (i: number) => `{"name":"order","attributes":{"zone":"b","number":${i}}}`
const repeated = (text: string, times: number) => Array.from({ length: times }, () => text)

describe('regression: JSON was parsed whatever memory that took', () => {
  const cases: [string, string, string][] = [
    ['a list of empty objects', JSON_TYPE, `[${repeated('{}', 100_000).join()}]`],
    ['a list of lists', JSON_TYPE, `[${repeated('[[[[]]]]', 50_000).join()}]`],
    ['a line of empty objects', NDJSON, `{"name":"a","attributes":[${repeated('{}', 100_000).join()}]}`],
    ['many events', NDJSON, Array.from({ length: 20_000 }, (_, i) => event(i)).join('\n')]
  ]
  for (const [name, type, body] of cases) {
    it(name, async t => {
      const { post, blocks, context } = await running(t, {}, undefined, smallPool())
      const { status, answer } = await post(body, type)
      assert.equal(status, 413)
      assert.match(answer.error, /bytes in memory.*: send less at once, or raise service\.limits\.in_flight$/)
      assert.deepEqual([blocks.length, context.credits.used, context.account.received], [0, 0, 0])
    })
  }

  it('a request within the limit waits for its turn', async t => {
    const { post, context } = await running(t, {}, undefined, smallPool())
    const body = `[${Array.from({ length: 2000 }, (_, i) => event(i)).join()}]`
    const held = context.credits.tryTake(POOL_BYTES - body.length - 10_000)!
    const { status, headers } = await post(body)
    assert.deepEqual([status, headers.get('retry-after'), context.credits.used], [503, '3', held.bytes])
    held.release()
    assert.equal((await post(body)).status, 200)
    assert.equal(context.credits.used, 0)
  })
})

test('connections beyond max_connections_per_address, and slow ones, are counted; the first is told', async t => {
  const limits = { max_connections_per_address: 1, read_header_timeout: '100ms', read_timeout: '100ms' }
  const { context, receiver } = await running(t, limits)
  const port = Number(receiver.address.split(':')[1])
  const slow = connect(port, '127.0.0.1').resume()
  await once(slow, 'connect')
  for (let i = 0; i < 2; i++)
    await once(
      connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume(),
      'close'
    )
  await once(slow, 'close')
  assert.deepEqual(
    [context.counters.get('refused_connections_total'), context.counters.get('timed_out_connections_total')],
    [2, 1]
  )
})

test('regression: the hint for the key "time" was "did you mean name?"', async t => {
  const { post } = await running(t)
  for (const [key, want] of [
    ['time', 'did you mean timestamp?'],
    ['@timestamp', 'did you mean timestamp?'],
    ['attr', 'did you mean attributes?'],
    ['ts', 'there are name, value, timestamp, id, attributes']
  ]) {
    const { answer } = await post([{ name: 'a' }, { name: 'b', [key]: 1 }])
    assert.equal(answer.errors[0].message, `"${key}" is not part of an event: ${want}`)
  }
})
