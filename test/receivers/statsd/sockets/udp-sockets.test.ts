import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { type TestContext as Test, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { RING_BYTES } from '../../../../receivers/statsd/sockets/datagram-ring.ts'
import { loadLibc } from '../../../../receivers/statsd/sockets/libc.ts'
import { openUdpSockets, type UdpSocketOptions } from '../../../../receivers/statsd/sockets/udp-sockets.ts'

const DEADLINE_MS = 5000
/** Sockets without datagrams are no longer polled after so long. */
const WAITS_AFTER_MS = 300
const MOST_BYTES_OF_UDP = 65_507
const OPTIONS: UdpSocketOptions = { count: 1, receiveBuffer: 2 ** 22 }

/** Short ones, for which the kernel has room in the buffer of `OPTIONS`. */
const KERNEL_DATAGRAMS = 11_000
/** Sends `count` datagrams, 500 each 5 ms, and then sets `sent`. */
const SENDER = `
const { port, sent, count } = require('node:worker_threads').workerData
const socket = require('node:dgram').createSocket('udp4')
async function run() {
  for (let i = 0; i < count; i += 500) {
    const sending = Array.from({ length: 500 }, () => new Promise(done => socket.send('a:1|c', port, '127.0.0.1', done)))
    await Promise.all(sending)
    await new Promise(done => setTimeout(done, 5))
  }
  socket.close()
  Atomics.store(new Int32Array(sent), 0, 1)
  Atomics.notify(new Int32Array(sent), 0)
}
run()`

/** Of a flood. */
const LARGE_BYTES = 32_000
/** Sends datagrams faster than they are taken, until it is ended. */
const FLOOD = `
const { port, bytes } = require('node:worker_threads').workerData
const socket = require('node:dgram').createSocket('udp4')
const datagram = Buffer.alloc(bytes, 'x')
const sendNext = () => socket.send(datagram, port, '127.0.0.1', () => setImmediate(sendNext))
for (let i = 0; i < 50; i++) sendNext()`

const libc = process.platform === 'linux' ? await loadLibc() : undefined
const WAYS = [['Node', undefined], ...(libc === undefined ? [] : [['the C library', libc] as const])] as const

for (const [way, usedLibc] of WAYS) {
  const open = async (t: Test, host = '127.0.0.1', options = OPTIONS, port = 0, onReceived = () => {}) => {
    const datagrams: string[] = []
    const received = (bytes: Buffer, start: number, end: number) => {
      datagrams.push(bytes.toString('latin1', start, end))
      onReceived()
    }
    const events = { received, tooLong: assert.fail, failed: assert.fail, resumed: assert.fail }
    const socket = await openUdpSockets({ host, port }, options, events, usedLibc)
    let closing: Promise<void> | undefined
    const close = () => (closing ??= socket.close())
    t.after(close)
    return { socket, datagrams, close, port: socket.endpoint.port }
  }

  // The kernel has room for all in the first buffer, and for some 150 in the second.
  for (const [receiveBuffer, atOnce] of [
    [2 ** 22, 1000],
    [2 ** 16, 50]
  ])
    test(`sockets by ${way} read each datagram once and in order, ${atOnce} at once`, async t => {
      const { socket, datagrams, port } = await open(t, '127.0.0.1', { ...OPTIONS, receiveBuffer })
      assert.ok(socket.receiveBuffer >= receiveBuffer)
      const sent = Array.from({ length: 1000 }, (_, i) => String(i).repeat(i % 40))
      sent.push('x'.repeat(MOST_BYTES_OF_UDP), '', 'end')
      const sender = senderOf(t)
      for (let i = 0; i < sent.length; i += atOnce) {
        await Promise.all(sent.slice(i, i + atOnce).map(datagram => send(sender, datagram, port)))
        await until(() => datagrams.length === Math.min(i + atOnce, sent.length))
      }
      assert.deepEqual(datagrams, sent)
    })

  test(`sockets by ${way} listen on names and on IPv6`, async t => {
    const v4 = await open(t, 'localhost')
    assert.deepEqual(v4.socket.endpoint, { host: '127.0.0.1', port: v4.port })
    await send(senderOf(t), 'a', v4.port)
    await until(() => v4.datagrams.length === 1)
    const v6 = await open(t, '::1').catch(() => undefined)
    if (v6 === undefined) return t.skip('no IPv6 on this machine')
    assert.deepEqual(v6.socket.endpoint, { host: '::1', port: v6.port })
    await send(senderOf(t, 'udp6'), 'b', v6.port, '::1')
    await until(() => v6.datagrams.length === 1)
  })

  test(`sockets by ${way} share their port with each other only, and give it back`, async t => {
    const { close, port } = await open(t)
    const again = (count: number) => open(t, '127.0.0.1', { ...OPTIONS, count }, port)
    await assert.rejects(again(1), /EADDRINUSE/)
    await assert.rejects(again(2), /EADDRINUSE/)
    await close()
    const { datagrams } = await again(3)
    await assert.rejects(again(3), /EADDRINUSE/)
    // The kernel picks a socket by the sender's port.
    await Promise.all(Array.from({ length: 20 }, () => send(senderOf(t), 'a', port)))
    await until(() => datagrams.length === 20)
    await assert.rejects(open(t, '192.0.2.1'), /EADDRNOTAVAIL/)
  })

  test(`sockets by ${way} that rest or wait are closed at once`, async t => {
    const { close, datagrams, port } = await open(t)
    await setTimeout(WAITS_AFTER_MS)
    await send(senderOf(t), 'a', port)
    await until(() => datagrams.length === 1)
    await setTimeout(WAITS_AFTER_MS)
    const begun = performance.now()
    await close()
    assert.ok(performance.now() - begun < 500)
  })

  // Node's are read by the main thread, and as soon as something comes.
  if (usedLibc !== undefined) {
    test('regression: a main thread that was busy lost what the kernel had no room for', async t => {
      const { close, datagrams, port } = await open(t)
      const sent = new SharedArrayBuffer(4)
      const thread = new Worker(SENDER, { eval: true, workerData: { port, sent, count: 3 * KERNEL_DATAGRAMS } })
      t.after(() => thread.terminate())
      Atomics.wait(new Int32Array(sent), 0, 0, 4 * DEADLINE_MS)
      await close()
      assert.ok(datagrams.length > 2 * KERNEL_DATAGRAMS, `${datagrams.length} datagrams`)
    })

    test('datagrams that came while the sockets rested are read at their close', async t => {
      const { close, datagrams, port } = await open(t)
      const sender = senderOf(t)
      await send(sender, 'a', port)
      await until(() => datagrams.length === 1)
      await Promise.all(Array.from({ length: 100 }, () => send(sender, 'a', port)))
      await close()
      assert.equal(datagrams.length, 101)
    })

    test('regression: sockets did not close while more came than was taken', async t => {
      const takeSlowly = () => {
        for (const end = performance.now() + 0.5; performance.now() < end; );
      }
      const { close, datagrams, port } = await open(t, '127.0.0.1', OPTIONS, 0, takeSlowly)
      const thread = new Worker(FLOOD, { eval: true, workerData: { port, bytes: LARGE_BYTES } })
      t.after(() => thread.terminate())
      // By now the ring is full, and so is the kernel's buffer.
      await until(() => datagrams.length > RING_BYTES / LARGE_BYTES)
      const closed = close().then(() => true)
      assert.ok(await Promise.race([closed, setTimeout(DEADLINE_MS, false)]), 'it is not closed')
    })

    test('a thread that ends is started anew, and what came meanwhile is read', async t => {
      const threads: Worker[] = []
      const note = (thread: Worker) => threads.push(thread)
      process.on('worker', note)
      t.after(() => process.off('worker', note))
      const datagrams: string[] = []
      const states: string[] = []
      const events = {
        received: (bytes: Buffer, start: number, end: number) => datagrams.push(bytes.toString('latin1', start, end)),
        tooLong: assert.fail,
        failed: (error: unknown) => states.push(`${error}`),
        resumed: () => states.push('resumed')
      }
      const socket = await openUdpSockets({ host: '127.0.0.1', port: 0 }, OPTIONS, events, usedLibc)
      const { port } = socket.endpoint
      const sender = senderOf(t)
      for (let restart = 1; restart <= 2; restart++) {
        await send(sender, `before ${restart}`, port)
        await until(() => datagrams.at(-1) === `before ${restart}`)
        await threads.at(-1)!.terminate()
        await send(sender, `meanwhile ${restart}`, port)
        await until(() => states.length === 2 * restart)
        await send(sender, `after ${restart}`, port)
        await until(() => datagrams.at(-1) === `after ${restart}`)
      }
      assert.deepEqual(datagrams, ['before 1', 'meanwhile 1', 'after 1', 'before 2', 'meanwhile 2', 'after 2'])
      const failure = 'Error: the thread that reads its sockets ended'
      assert.deepEqual(states, [failure, 'resumed', failure, 'resumed'])
      await threads.at(-1)!.terminate()
      await socket.close()
      assert.equal(threads.length, 3)
    })

    test('regression: sockets whose datagrams could not be taken any more did not close', async t => {
      const failures: unknown[] = []
      const events = {
        received: () => {
          throw new Error('cannot take it')
        },
        tooLong: assert.fail,
        failed: (error: unknown) => failures.push(error),
        resumed: assert.fail
      }
      const socket = await openUdpSockets({ host: '127.0.0.1', port: 0 }, OPTIONS, events, usedLibc)
      const sender = senderOf(t)
      const datagram = 'x'.repeat(LARGE_BYTES)
      for (let sent = 0; sent <= 2 * RING_BYTES; sent += LARGE_BYTES) await send(sender, datagram, socket.endpoint.port)
      const closed = socket.close().then(() => true)
      assert.ok(await Promise.race([closed, setTimeout(DEADLINE_MS, false)]), 'it is not closed')
      assert.equal(failures.length, 1)
    })
  }
}

function senderOf(t: Test, type: 'udp4' | 'udp6' = 'udp4'): Socket {
  const socket = createSocket(type)
  t.after(() => void socket.close())
  return socket
}

function send(socket: Socket, datagram: string, port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) =>
    socket.send(datagram, port, host, error => (error === null ? resolve() : reject(error)))
  )
}

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + DEADLINE_MS; !holds(); await setTimeout(1))
    assert.ok(performance.now() < deadline, 'timed out')
}
