import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { ExportError } from '../../../sdk/plugin/index.ts'
import { type ClickHouse, startClickHouse } from '../../servers/clickhouse.ts'
import { freePort } from '../../servers/free-port.ts'
import { FOREVER, makeExporter, signal } from './harness.ts'
import { assertPromQl } from './promql/counted.ts'
import { counterBlock } from './samples.ts'

const PASSWORD = "p'a:ss"
let server: ClickHouse

before(async () => {
  server = await startClickHouse({ password: PASSWORD })
})
afterEach(() => server.fail({ how: 'no' }))
after(() => server.stop())

let databases = 0
function served(config: Record<string, unknown> = {}) {
  const database = `d${databases++}`
  const made = makeExporter({ endpoint: server.url, password: PASSWORD, database, ...FOREVER, ...config })
  const count = async () => {
    const [{ n }] = await server.rows(`SELECT toUInt32(count()) AS n FROM ${database}.metrics`)
    return n
  }
  return { ...made, database, count }
}

async function refusal(promise: Promise<void>): Promise<ExportError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error
  )
  assert.ok(error instanceof ExportError, String(error))
  return error
}

test('PromQL: a server answers by selected samples, and by what it computes', async () => {
  const { exporter, context } = served()
  await exporter.export(counterBlock(context.series, 30, 3), signal())
  await exporter.export(counterBlock(context.series, 30, 3), signal())
  await assertPromQl(exporter)
})

test('points arrive; sent again they count once', async () => {
  const { exporter, context, count } = served()
  await exporter.start(signal())
  await exporter.probe(signal())
  const block = counterBlock(context.series, 3000, 30)
  await exporter.export(block, signal())
  await exporter.export(block, signal())
  assert.equal(await count(), 3000)
  await exporter.stop(signal())
})

test('an answer lost on the way, and the block sent again: nothing is doubled', async () => {
  for (const schema of ['compact', 'otel']) {
    const { exporter, context, database } = served({ schema })
    const table = schema === 'otel' ? 'otel_metrics_sum' : 'metrics'
    const block = counterBlock(context.series, 500, 5)
    await server.fail({ how: 'after', match: schema === 'otel' ? 'otel_metrics_sum (' : 'samples (' })
    const error = await refusal(exporter.export(block, signal()))
    assert.equal(error.retryable, true)
    await server.fail({ how: 'no' })
    await exporter.export(block, signal())
    assert.deepEqual(
      await server.rows(`SELECT toUInt32(count()) AS n, sum(1) OVER () > 0 AS any FROM ${database}.${table}`),
      [{ n: 500, any: 1 }]
    )
    await exporter.stop(signal())
  }
})

test('series whose insert failed are written by the next attempt', async () => {
  const { exporter, context, count } = served()
  const block = counterBlock(context.series, 50, 5)
  await server.fail({ how: 'status', match: '.series (', code: '500' })
  await refusal(exporter.export(block, signal()))
  await server.fail({ how: 'no' })
  await exporter.export(block, signal())
  assert.equal(await count(), 50)
  await exporter.stop(signal())
})

test('answers of the server, and whether the block is tried again', async () => {
  const { exporter, context } = served()
  const block = counterBlock(context.series, 10, 1)
  await exporter.export(block, signal())
  const cases: [string, Record<string, string>, Partial<ExportError>, RegExp][] = [
    ['429', { how: 'status', code: '429', retry_after: '7' }, { retryable: true, retryAfterMs: 7000 }, /HTTP 429/],
    ['503', { how: 'status', code: '503' }, { retryable: true, retryAfterMs: undefined }, /HTTP 503/],
    ['413', { how: 'status', code: '413' }, { retryable: false, reason: 'too_large' }, /HTTP 413/],
    ['400', { how: 'status', code: '400' }, { retryable: false, reason: 'rejected' }, /HTTP 400/],
    ['401', { how: 'status', code: '401' }, { retryable: true }, /HTTP 401/],
    ['too many queries', { how: 'clickhouse', code: '202' }, { retryable: true }, /ClickHouse 202/],
    ['memory', { how: 'clickhouse', code: '241' }, { retryable: true }, /ClickHouse 241/],
    ['too many parts', { how: 'clickhouse', code: '252', message: 'Too many parts (300)' }, { retryable: true }, /252/],
    [
      'too wide',
      { how: 'clickhouse', code: '252', message: 'Too many partitions for single INSERT block' },
      { retryable: false, reason: 'too_many_partitions' },
      /252/
    ],
    ['no such column', { how: 'clickhouse', code: '16' }, { retryable: true }, /ClickHouse 16/],
    ['bad data', { how: 'clickhouse', code: '117' }, { retryable: false }, /ClickHouse 117/],
    ['reset', { how: 'reset' }, { retryable: true }, /ECONNRESET|socket hang up/]
  ]
  for (const [name, fail, want, message] of cases) {
    await server.fail(fail)
    const error = await refusal(exporter.export(block, signal()))
    for (const [key, value] of Object.entries(want))
      assert.equal(error[key as keyof ExportError], value, `${name}: ${key}`)
    assert.match(error.message, message, name)
  }
  await server.fail({ how: 'no' })
  await exporter.export(block, signal())
  await exporter.stop(signal())
})

test('Retry-After may be a date', async () => {
  const { exporter, context } = served()
  const date = new Date(context.clock.now() + 30_000).toUTCString()
  await server.fail({ how: 'status', code: '503', retry_after: date })
  const error = await refusal(exporter.export(counterBlock(context.series, 1, 1), signal()))
  assert.equal(error.retryAfterMs, 30_000)
  await exporter.stop(signal())
})

test('a server that does not answer is given up on when the sending queue says so', async () => {
  const { exporter, context } = served()
  await server.fail({ how: 'hang' })
  const error = await refusal(exporter.export(counterBlock(context.series, 1, 1), AbortSignal.timeout(50)))
  assert.equal(error.retryable, true)
  await exporter.stop(signal())
})

test('a wrong password waits for somebody to mend it, and says so', async () => {
  const { exporter, context } = served({ password: 'wrong' })
  const error = await refusal(exporter.export(counterBlock(context.series, 1, 1), signal()))
  assert.equal(error.retryable, true)
  assert.match(
    error.message,
    /^ClickHouse is not ready: ClickHouse 516: .*Authentication failed\. \(AUTHENTICATION_FAILED\)$/
  )
  await assert.rejects(exporter.probe(signal()), /Authentication failed/)
  await exporter.stop(signal())
})

test('down at start, then up', async () => {
  const port = await freePort()
  const { context, exporter } = makeExporter({ endpoint: `http://127.0.0.1:${port}`, ...FOREVER })
  await exporter.start(signal())
  const block = counterBlock(context.series, 100, 10)
  const error = await refusal(exporter.export(block, signal()))
  assert.equal(error.retryable, true)
  assert.match(error.message, /ECONNREFUSED/)
  const late = await startClickHouse({ port })
  try {
    await exporter.export(block, signal())
    assert.deepEqual(await late.rows('SELECT toUInt32(count()) AS n FROM weir.metrics'), [{ n: 100 }])
    await exporter.stop(signal())
  } finally {
    await late.stop()
  }
})

test('the event loop and the sockets are left alone after stop', async () => {
  const { exporter } = served()
  await exporter.stop(signal())
  await exporter.start(signal())
  await exporter.stop(signal())
  await exporter.stop(signal())
  await setTimeout(0)
})
