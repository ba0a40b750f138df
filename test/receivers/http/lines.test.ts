import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { CreditPool } from '../../../core/batch/credits.ts'
import { collectorOf, readEvents } from '../../../receivers/http/events.ts'
import { LineReader } from '../../../receivers/http/line-reader.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { running } from './harness.ts'

const NDJSON = 'application/x-ndjson'

test('lines are the same wherever a body is cut', () => {
  const line = fc.constantFrom('{"name":"a"}', '{"name":"жук"}', '', ' ', '{', '{"name":""}', '{"name":"b"}\r')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.array(fc.nat(120)), (lines, places) => {
      const body = Buffer.from(lines.join('\n'))
      const collector = collectorOf(1, {})
      const reader = new LineReader(collector)
      const at = [0, ...places.map(place => place % (body.length + 1)).toSorted((a, b) => a - b), body.length]
      for (let i = 1; i < at.length; i++) reader.push(body.subarray(at[i - 1], at[i]))
      reader.end()
      assert.deepEqual(collector.finish(), readEvents('ndjson', body, 1))
    })
  )
})

test('a body of lines may be larger than the memory for it, if its events are not', async t => {
  const context = Object.assign(testContext('http'), { credits: new CreditPool(400_000) })
  const { post, blocks } = await running(t, {}, undefined, context)
  const line = `{"name":"a"}${' '.repeat(10_000)}\n`
  const { status, answer } = await post(line.repeat(100), NDJSON)
  assert.deepEqual([status, answer.accepted], [200, 100])
  assert.equal(blocks.length, 1)
  assert.equal(context.credits.used, 0)
})

test('no line of a request that breaks off counts, and its memory is free again', async t => {
  const { url, blocks, context } = await running(t)
  const sent = request(url, { method: 'POST', headers: { 'content-type': NDJSON } })
  sent.on('error', () => {})
  sent.write('{"name":"a"}\n{"name":"b"}\n{"na')
  while (context.credits.used === 0) await setImmediate()
  sent.destroy()
  while (context.credits.used > 0) await setImmediate()
  assert.deepEqual([blocks.length, context.account.received], [0, 0])
})

test('lines without credits are answered with 503, and none of them counts', async t => {
  const context = Object.assign(testContext('http'), { credits: new CreditPool(100_000) })
  const held = context.credits.tryTake(99_000)!
  const { url, blocks } = await running(t, {}, undefined, context)
  const sent = request(url, { method: 'POST', headers: { 'content-type': NDJSON } })
  sent.end('{"name":"a"}\n'.repeat(100))
  const [response] = await once(sent, 'response')
  assert.equal(response.statusCode, 503)
  await json(response)
  assert.deepEqual([blocks.length, context.credits.used, context.account.received], [0, held.bytes, 0])
})
