import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext as Test, test } from 'node:test'
import { CreditPool } from '../../../../core/batch/credits.ts'
import plugin from '../../../../receivers/statsd/index.ts'
import { StatsdReceiver } from '../../../../receivers/statsd/receiver.ts'
import type { PointBlock } from '../../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../../sdk/plugin/testing.ts'
import { running, totals, until } from '../harness.ts'

const TCP = { listen: ['tcp://127.0.0.1:0'] }

async function connected(address: string): Promise<Socket> {
  const { protocol, hostname, port, pathname } = new URL(address)
  const socket = protocol === 'unix:' ? connect(pathname) : connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}

function socketFile(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-statsd-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'weir.sock')
}

test('lines over TCP and a Unix socket count, and so do packets with their length in front', async t => {
  const { context, receiver, batches } = await running(t, { listen: ['tcp://127.0.0.1:0', `unix://${socketFile(t)}`] })
  const [tcp, unix] = await Promise.all(receiver.addresses.map(connected))
  tcp.write('hits:1|c\nhi')
  tcp.end('ts:2|c\nhits:4|c')
  const line = Buffer.from('packed:1|c\npacked:2|c')
  unix.end(Buffer.concat([Buffer.from([line.length, 0, 0, 0]), line]))
  await until(context, () => batches.reduce((sum, { block }) => sum + block.length, 0) === 5)
  assert.deepEqual(totals(batches.map(({ block }) => block as PointBlock)), { hits: 7, packed: 3 })
  assert.equal(context.account.received, 5)
  for (const batch of batches) batch.ack()
})

test('without credits a connection is not read, and nothing of it is lost', async t => {
  const context = Object.assign(testContext(), { credits: new CreditPool(20_000) })
  const { receiver, batches } = await running(t, TCP, undefined, context)
  const socket = await connected(receiver.addresses[0])
  const lines = 200_000
  const line = 'a.counter.with.a.long.name:1|c\n'
  let isWritten = false
  socket.end(line.repeat(lines), () => (isWritten = true))
  await until(context, () => batches.length > 0 && context.credits.isSpent)
  const held = context.account.received
  context.clock.advance(1000)
  assert.ok(held < lines / 2, `${held} lines were read`)
  assert.equal(isWritten, false)
  const seen: number[] = []
  await until(context, () => {
    for (const batch of batches.splice(0)) {
      seen.push(batch.block.length)
      batch.ack()
    }
    return context.account.sent === lines
  })
  assert.equal(context.account.droppedTotal, 0)
})

test('blocks that wait for credits are dropped at the stop', async t => {
  const context = Object.assign(testContext(), { credits: new CreditPool(1000) })
  const { receiver, batches } = await running(t, TCP, undefined, context)
  const socket = await connected(receiver.addresses[0])
  socket.on('error', () => {})
  socket.write('a:1|c\n')
  await until(context, () => batches.length === 1)
  socket.write('b:1|c\n'.repeat(100))
  await until(context, () => context.credits.isSpent)
  await receiver.stop()
  await until(context, () => context.account.droppedTotal === 100)
  assert.deepEqual(Object.fromEntries(context.account.dropped), { shutdown: 100 })
  batches[0].ack()
})

test('more connections than max_connections are closed and counted', async t => {
  const { context, receiver } = await running(t, { ...TCP, max_connections: 1 })
  const first = await connected(receiver.addresses[0])
  const second = await connected(receiver.addresses[0])
  await once(second, 'close')
  assert.equal(context.counters.get('refused_connections_total'), 1)
  first.destroy()
})

test('a connection without data is closed after idle_timeout, and counted', async t => {
  const { context, receiver } = await running(t, { ...TCP, idle_timeout: '10s' }, batch => batch.ack())
  const socket = await connected(receiver.addresses[0])
  socket.write('a:1|c\nb:1')
  await until(context, () => context.account.sent === 1)
  context.clock.advance(9_000)
  assert.equal(context.counters.get('timed_out_connections_total') ?? 0, 0)
  context.clock.advance(4_000)
  await once(socket, 'close')
  assert.equal(context.counters.get('timed_out_connections_total'), 1)
  await until(context, () => context.account.droppedTotal === 1)
  assert.deepEqual(Object.fromEntries(context.account.dropped), { cut_off: 1 })
})

test('the socket of a killed program is taken over, a socket in use and a file are not', async t => {
  const file = socketFile(t)
  const start = () => {
    const receiver = new StatsdReceiver(testConfig(plugin, { listen: [`unix://${file}`] }), testContext())
    t.after(() => receiver.stop())
    return receiver.start()
  }
  const other = createServer().listen(file)
  await once(other, 'listening')
  await assert.rejects(start(), /cannot listen on unix:/)
  await new Promise(resolve => other.close(resolve))
  writeFileSync(file, '')
  await assert.rejects(start(), /cannot listen on unix:/)
  rmSync(file)
  // Renamed, so that its server does not find and remove it at its end: as after a kill.
  const killed = createServer().listen(`${file}.old`)
  await once(killed, 'listening')
  renameSync(`${file}.old`, file)
  await new Promise(resolve => killed.close(resolve))
  await start()
})

test('addresses that cannot be had are errors of the configuration', () => {
  assert.throws(() => testConfig(plugin, { listen: ['127.0.0.1:8125'] }), /must match/)
  assert.throws(() => testConfig(plugin, { listen: ['tcp://127.0.0.1'] }), /must match/)
  assert.throws(() => testConfig(plugin, { idle_timeout: '0' }), /more than 0/)
})
