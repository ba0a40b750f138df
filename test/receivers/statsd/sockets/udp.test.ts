import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { parseEndpoint } from '../../../../core/http/endpoint.ts'
import plugin from '../../../../receivers/statsd/index.ts'
import { StatsdReceiver } from '../../../../receivers/statsd/receiver.ts'
import { kernelDrops } from '../../../../receivers/statsd/sockets/kernel-drops.ts'
import { testConfig, testContext } from '../../../../sdk/plugin/testing.ts'
import { endpointOf, running, until } from '../harness.ts'

const ONLY_LINUX = { skip: process.platform !== 'linux' }

test('several sockets share a port, and none of it with another program', ONLY_LINUX, async t => {
  const { context, receiver } = await running(t, { udp_sockets: 3 }, batch => batch.ack())
  const { port } = endpointOf(receiver)
  // The kernel picks a socket by the sender's port.
  const senders = Array.from({ length: 20 }, () => createSocket('udp4'))
  for (const sender of senders) sender.send('a:1|c', port, '127.0.0.1')
  await until(context, () => context.account.sent === senders.length)
  for (const sender of senders) sender.close()
  const second = new StatsdReceiver(
    testConfig(plugin, { endpoint: `127.0.0.1:${port}`, udp_sockets: 2 }),
    testContext()
  )
  await assert.rejects(second.start(), /cannot listen on udp/)
  await second.stop()
})

test('the receive buffer that the kernel gave is told', async t => {
  const gauges = new Map<string, () => number>()
  const context = testContext()
  Object.assign(context.instruments, { gauge: (name: string, _: string, read: () => number) => gauges.set(name, read) })
  const { receiver } = await running(t, { receive_buffer: '64KiB', udp_sockets: 2 }, undefined, context)
  assert.ok(gauges.get('receive_buffer_bytes')!() >= 2 ** 16)
  await receiver.stop()
  assert.equal(gauges.get('receive_buffer_bytes')!(), 0)
})

test('regression: drops of one address of IPv6 were counted for all of its port', ONLY_LINUX, async t => {
  const sockets = ['::1', '::'].map(host => ({ host, socket: createSocket({ type: 'udp6', recvBufferSize: 1024 }) }))
  t.after(() => sockets.forEach(({ socket }) => void socket.close()))
  const [{ socket: loopback }, { socket: wildcard }] = sockets
  loopback.bind(0, '::1')
  try {
    await once(loopback, 'listening')
  } catch {
    return t.skip('no IPv6 on this machine')
  }
  const { port } = loopback.address()
  wildcard.bind({ port, address: '::', exclusive: true })
  const isShared = await once(wildcard, 'listening').then(
    () => true,
    () => false
  )
  const sender = createSocket('udp6')
  t.after(() => void sender.close())
  const send = () => new Promise(resolve => sender.send('x'.repeat(1000), port, '::1', resolve))
  await Promise.all(Array.from({ length: 300 }, send))
  assert.ok((await kernelDrops({ host: '::1', port })) > 50)
  if (isShared) assert.equal(await kernelDrops({ host: '::', port }), 0)
  assert.equal(await kernelDrops(parseEndpoint(`[::2]:${port}`)), 0)
})
