import assert from 'node:assert/strict'
import { type TestContext as NodeTest, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { WeirError } from '../../../core/errors.ts'
import { compress } from '../../../core/wire/snappy.ts'
import plugin from '../../../receivers/prometheus_remote_write/index.ts'
import { RemoteWriteReceiver } from '../../../receivers/prometheus_remote_write/receiver.ts'
import type { Batch, Block, PointBlock } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { type SentSeries, writeRequest1, writeRequest2 } from '../../core/wire/remote-write/proto.ts'

const T = 1_700_000_000_000
const V1 = 'application/x-protobuf'
const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'
const GOOD: SentSeries = { labels: { __name__: 'a_total', job: 'j' }, samples: [{ value: 1, timestamp: T }] }
const NAMELESS: SentSeries = { labels: { job: 'j' }, samples: [{ value: 1, timestamp: T }] }
const HISTOGRAM: SentSeries = {
  labels: { __name__: 'h' },
  histograms: [{ countInt: 1, sum: 1, positiveSpans: [{ offset: 0, length: 1 }], positiveDeltas: [1], timestamp: T }]
}

/** A receiver on a free port, stopped when the test ends. */
async function running(t: NodeTest, options: object = {}, settle: (batch: Batch) => void = batch => batch.ack()) {
  const context = testContext('prometheus_remote_write')
  const receiver = new RemoteWriteReceiver(testConfig(plugin, { endpoint: '127.0.0.1:0', ...options }), context)
  const blocks: PointBlock[] = []
  await receiver.start()
  receiver.batches$.subscribe(batch => {
    blocks.push(batch.block as PointBlock)
    settle(batch)
  })
  t.after(() => receiver.stop(new AbortController().signal))
  const url = `http://${receiver.address}/api/v1/write`
  const post = async (body: Uint8Array, headers: Record<string, string> = {}) => {
    const response = await fetch(url, { method: 'POST', body: new Uint8Array(body), headers })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  const books = () => {
    const { received, sent, refused, inFlight, imbalance, dropped } = context.account
    assert.deepEqual([inFlight, imbalance, context.credits.used], [0, 0, 0])
    return { received, sent, refused, dropped: Object.fromEntries(dropped) }
  }
  return { context, blocks, post, books, url }
}

const snappy = (body: Buffer) => compress(body)
const written = (headers: Headers) =>
  ['samples', 'histograms', 'exemplars'].map(of => headers.get(`x-prometheus-remote-write-${of}-written`))

for (const [name, body, headers] of [
  ['1.0, snappy', snappy(writeRequest1([GOOD])), { 'content-type': V1, 'content-encoding': 'snappy' }],
  [
    '1.0, zstd, as vmagent sends it',
    zstdCompressSync(writeRequest1([GOOD])),
    { 'content-type': V1, 'content-encoding': 'zstd' }
  ],
  [
    '1.0, named',
    snappy(writeRequest1([GOOD])),
    { 'content-type': `${V1}; proto=prometheus.WriteRequest`, 'content-encoding': 'snappy' }
  ],
  ['1.0, without an encoding', snappy(writeRequest1([GOOD])), { 'content-type': V1 }],
  ['2.0, snappy', snappy(writeRequest2([GOOD])), { 'content-type': V2, 'content-encoding': 'snappy' }],
  ['2.0, zstd', zstdCompressSync(writeRequest2([GOOD])), { 'content-type': V2, 'content-encoding': 'zstd' }]
] as [string, Uint8Array, Record<string, string>][])
  test(`${name} is answered with 204`, async t => {
    const { post, blocks, books } = await running(t)
    const { status, text, headers: answered } = await post(body, headers)
    assert.deepEqual([status, text], [204, ''])
    assert.equal(blocks[0].series.at(0).metric.name, 'a_total')
    assert.deepEqual(books(), { received: 1, sent: 1, refused: 0, dropped: {} })
    const second = name.startsWith('2.0')
    assert.deepEqual(written(answered), second ? ['1', '0', '0'] : [null, null, null])
  })

for (const [name, headers, message] of [
  ['another content type', { 'content-type': 'application/json' }, /application\/json is not remote write/],
  ['another message', { 'content-type': `${V1};proto=a.b.C` }, /proto=prometheus.WriteRequest or io/],
  [
    'another encoding',
    { 'content-type': V1, 'content-encoding': 'gzip' },
    /content-encoding gzip .*send snappy, zstd or none/
  ]
] as [string, Record<string, string>, RegExp][])
  test(`${name} is answered with 415`, async t => {
    const { post, blocks } = await running(t)
    const { status, text } = await post(snappy(writeRequest1([GOOD])), headers)
    assert.equal(status, 415)
    assert.match(text, message)
    assert.equal(blocks.length, 0)
  })

test('of a request with bad series the good ones are written, and 400 says which were not', async t => {
  const { post, books } = await running(t)
  const { status, text, headers } = await post(snappy(writeRequest2([GOOD, NAMELESS, HISTOGRAM])), {
    'content-type': V2
  })
  assert.deepEqual([status, written(headers)], [400, ['1', '1', '0']])
  assert.equal(text, '1 point without the label __name__; all other points are written')
  assert.deepEqual(books(), { received: 3, sent: 2, refused: 0, dropped: { unnamed_metric: 1 } })
})

test('regression: vmagent sent a request again whose good points were written, since 400 means to it that zstd is unknown', async t => {
  const { post, books } = await running(t)
  const headers = { 'content-type': V1, 'content-encoding': 'zstd' }
  assert.equal((await post(zstdCompressSync(writeRequest1([GOOD, NAMELESS])), headers)).status, 204)
  assert.deepEqual(books(), { received: 2, sent: 1, refused: 0, dropped: { unnamed_metric: 1 } })
  assert.equal((await post(zstdCompressSync(Buffer.from([0xff])), headers)).status, 400)
})

test('points dropped later on are not counted as written', async t => {
  const { post } = await running(t, {}, batch => batch.drop('too_late'))
  const { status, text, headers } = await post(snappy(writeRequest2([GOOD, HISTOGRAM])), { 'content-type': V2 })
  assert.deepEqual([status, written(headers)], [400, ['0', '0', '0']])
  assert.match(text, /2 points dropped later on: too_late/)
})

test('a nacked request is answered with 503, and is counted once it comes again', async t => {
  let nacks = 1
  const { post, books } = await running(t, {}, batch => (nacks-- > 0 ? batch.nack(new Error('full')) : batch.ack()))
  const body = snappy(writeRequest2([GOOD, NAMELESS]))
  const { status, headers } = await post(body, { 'content-type': V2 })
  assert.deepEqual([status, headers.get('retry-after')], [503, '3'])
  assert.deepEqual(books(), { received: 1, sent: 0, refused: 1, dropped: {} })
  assert.equal((await post(body, { 'content-type': V2 })).status, 400)
  assert.deepEqual(books(), { received: 3, sent: 1, refused: 1, dropped: { unnamed_metric: 1 } })
})

test('an empty request, as probes send it, is answered with 204', async t => {
  const { post, books } = await running(t)
  assert.equal((await post(snappy(Buffer.alloc(0)), { 'content-type': V1 })).status, 204)
  assert.deepEqual(books(), { received: 0, sent: 0, refused: 0, dropped: {} })
})

for (const [name, body, status] of [
  ['a body that is no snappy block', Buffer.from([5, 1, 2]), 400],
  ['a block that claims 4 GB', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 413],
  ['a body that is no protobuf', Buffer.from(snappy(Buffer.from([0xff, 0xff]))), 400],
  ['a 2.0 body that is called 1.0', Buffer.from(snappy(writeRequest2([GOOD]))), 400]
] as const)
  test(`${name} is answered with ${status}`, async t => {
    const { post, books } = await running(t)
    assert.equal((await post(body, { 'content-type': V1 })).status, status)
    assert.deepEqual(books(), { received: 0, sent: 0, refused: 0, dropped: {} })
  })

test('regression: answers to 2.0 that took nothing had no counts', async t => {
  const { post } = await running(t)
  for (const [body, status] of [
    [Buffer.from([5, 1, 2]), 400],
    [Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 413]
  ] as const) {
    const answer = await post(body, { 'content-type': V2 })
    assert.deepEqual([answer.status, written(answer.headers)], [status, ['0', '0', '0']])
  }
})

const WITH_EXEMPLARS = [{ ...GOOD, exemplars: [{ labels: { trace_id: 't' }, value: 1, timestamp: T }] }]

for (const version of ['1.0', '2.0'] as const)
  test(`exemplars become events after the points, and are said to be written: ${version}`, async t => {
    const { post, context, blocks, books } = await running(t)
    const request = version === '1.0' ? writeRequest1(WITH_EXEMPLARS) : writeRequest2(WITH_EXEMPLARS)
    const { status, headers } = await post(snappy(request), { 'content-type': version === '1.0' ? V1 : V2 })
    assert.equal(status, 204)
    if (version === '2.0') assert.deepEqual(written(headers), ['1', '0', '1'])
    assert.deepEqual(
      (blocks as Block[]).map(({ type, length }) => [type, length]),
      [
        ['points', 1],
        ['events', 1]
      ]
    )
    assert.deepEqual(
      ['exemplars_total', 'written_exemplars_total'].map(name => context.counters.get(name)),
      [1, 1]
    )
    assert.deepEqual(books(), { received: 2, sent: 2, refused: 0, dropped: {} })
  })

for (const [name, error, tries] of [
  ['nobody has a pipeline for', new WeirError('NO_PIPELINE', 'no pipeline takes events'), 1],
  ['nobody has room for', new Error('full'), 2]
] as const)
  test(`exemplars that ${name} do not make the points come again`, async t => {
    const { post, context, blocks } = await running(t, {}, batch =>
      batch.block.type === 'points' ? batch.ack() : batch.nack(error)
    )
    for (let i = 0; i < 2; i++) {
      const { status, headers } = await post(snappy(writeRequest2(WITH_EXEMPLARS)), { 'content-type': V2 })
      assert.deepEqual([status, written(headers)], [204, ['1', '0', '0']])
    }
    const counts = ['exemplars_total', 'written_exemplars_total'].map(name => context.counters.get(name))
    assert.deepEqual([counts, blocks.length], [[2, undefined], 2 + tries])
    assert.equal(context.credits.used, 0)
  })
