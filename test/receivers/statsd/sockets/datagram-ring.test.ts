import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { newRing, RingReader, RingWriter } from '../../../../receivers/statsd/sockets/datagram-ring.ts'

const RING_BYTES = 1024
const MOST_BYTES = 400

test('each datagram that was published is taken once, in order, whatever the state of the ring', () => {
  const step = fc.oneof(
    fc.record({ write: fc.nat(MOST_BYTES) }),
    fc.record({ take: fc.integer({ min: 1, max: 5 }) }),
    fc.constant('publish' as const)
  )
  const property = fc.property(fc.array(step, { maxLength: 200 }), steps => {
    const memory = newRing(RING_BYTES)
    const [writer, reader] = [new RingWriter(memory), new RingReader(memory)]
    const written: string[] = []
    const taken: string[] = []
    let published = 0
    const take = (most: number) =>
      reader.take((bytes, start, end) => taken.push(bytes.toString('latin1', start, end)), most)
    for (const [i, one] of steps.entries()) {
      if (one === 'publish') {
        writer.publish()
        published = written.length
      } else if ('take' in one) {
        const expected = Math.min(one.take, published - taken.length)
        assert.equal(take(one.take), expected)
      } else {
        const text = String.fromCharCode(33 + (i % 90)).repeat(one.write)
        const isWritten = writer.write(Buffer.from(`__${text}`), 2, 2 + text.length)
        if (isWritten) written.push(text)
        else assert.notEqual(taken.length, written.length, 'an empty ring has room')
      }
    }
    writer.publish()
    take(steps.length)
    assert.deepEqual(taken, written)
  })
  fc.assert(property, { numRuns: 2000 })
})

/** Writes the numbers below `COUNT`, each with a text of that length. */
const WRITER = `
const { workerData } = require('node:worker_threads')
import(workerData.module).then(({ RingWriter }) => {
  const writer = new RingWriter(workerData.ring)
  for (let i = 0; i < workerData.count; i++) {
    const bytes = Buffer.from(i + '.'.repeat(i % 300))
    while (!writer.write(bytes, 0, bytes.length)) {
      writer.publish()
      writer.waitForRoom(1)
    }
    if (i % 7 === 0) writer.publish()
  }
  writer.publish()
})`

test('a thread’s datagrams arrive whole while both are at work, and a reader that waits is woken', async t => {
  const count = 2000
  const ring = newRing(RING_BYTES)
  const reader = new RingReader(ring)
  const module = import.meta.resolve('../../../../receivers/statsd/sockets/datagram-ring.ts')
  const thread = new Worker(WRITER, { eval: true, workerData: { ring, module, count } })
  t.after(() => thread.terminate())
  let next = 0
  const take = (bytes: Buffer, start: number, end: number) => {
    assert.equal(bytes.toString('latin1', start, end), next + '.'.repeat(next % 300))
    next++
  }
  while (next < count) if (reader.take(take, 100) === 0) await reader.wait()
})

test('a reader that waits can be woken without datagrams', async () => {
  const reader = new RingReader(newRing(RING_BYTES))
  const waiting = reader.wait()
  reader.wake()
  await waiting
})
