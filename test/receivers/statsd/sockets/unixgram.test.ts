import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext as Test, test } from 'node:test'
import { promisify } from 'node:util'
import { CreditPool } from '../../../../core/batch/credits.ts'
import plugin from '../../../../receivers/statsd/index.ts'
import { StatsdReceiver } from '../../../../receivers/statsd/receiver.ts'
import { testConfig, testContext } from '../../../../sdk/plugin/testing.ts'
import { requirePython } from '../../../servers/python.ts'
import { running, totals, until } from '../harness.ts'

const run = promisify(execFile)
const python = await requirePython('datadog==0.56.0', 'statsd==4.0.1')
const options = {
  ...python,
  skip: process.platform === 'linux' ? python.skip : 'Unix datagrams are read on Linux only'
}

function socketFile(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-statsd-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'weir.dsocket')
}

/** Sends datagrams, given as a Python expression for a list of bytes, and waits for room as a socket does. */
async function send(file: string, datagrams: string): Promise<void> {
  const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
for datagram in ${datagrams}: s.send(datagram)
`
  await run(options.path, ['-c', program, file])
}

/** Leaves the socket of a program that has ended. */
async function abandon(file: string): Promise<void> {
  await run(options.path, ['-c', 'import socket, sys; socket.socket(1, 2).bind(sys.argv[1])', file])
}

const DATADOG = `
import sys
from datadog.dogstatsd.base import DogStatsd
client = DogStatsd(socket_path=sys.argv[1], constant_tags=['app:shop'], disable_telemetry=True, disable_buffering=False)
for _ in range(100): client.increment('hits')
client.gauge('depth', 3.5)
client.distribution('spread', 7)
client.event('deploy', 'v2')
client.flush()
client.close_socket()
`

for (const [client, listen] of [
  ['unixgram', 'unixgram'],
  ['unixstream', 'unix']
])
  test(`Python’s datadog over ${client}`, options, async t => {
    const file = socketFile(t)
    const { context, receiver, batches } = await running(t, { listen: [`${listen}://${file}`] })
    assert.deepEqual(receiver.addresses, [`${listen}://${file}`])
    await run(options.path, ['-c', DATADOG, `${client}://${file}`])
    const items = () => batches.reduce((sum, { block }) => sum + block.length, 0)
    await until(context, () => items() === 103)
    const points = batches.flatMap(({ block }) => (block.type === 'points' ? [block] : []))
    assert.deepEqual(totals(points), { 'hits,app=shop': 100, 'depth,app=shop': 3.5, 'spread,app=shop': 1 })
    assert.deepEqual(Object.fromEntries(context.account.dropped), {})
    for (const batch of batches) batch.ack()
    await receiver.stop()
    assert.equal(existsSync(file), false)
  })

test('datagrams of several senders all count, and empty and long ones are refused', options, async t => {
  const file = socketFile(t)
  const { context } = await running(t, { listen: [`unixgram://${file}`] }, batch => batch.ack())
  await Promise.all([
    send(file, `[b'hits:1|c'] * 5000`),
    send(file, `[b'hits:1|c\\nhits:2|c'] * 5000`),
    send(file, `[b'', b'a' * 65536, b'b:' + b'1' * 65529 + b'|c']`)
  ])
  await until(context, () => context.account.received === 15_003)
  assert.equal(context.account.sent, 15_000)
  assert.equal(context.counters.get('datagrams_total'), 10_002)
  // A datagram of as many bytes as there may be is read. Its number is none.
  assert.deepEqual(Object.fromEntries(context.account.dropped), { empty_datagram: 1, too_long: 1, invalid_value: 1 })
})

test('without credits nothing is read, so that senders wait, and nothing is lost', options, async t => {
  const file = socketFile(t)
  const context = Object.assign(testContext(), { credits: new CreditPool(20_000) })
  const { batches } = await running(t, { listen: [`unixgram://${file}`] }, undefined, context)
  let isSent = false
  const sending = send(file, `[b'hits:1|c\\n' * 500] * 100`).then(() => (isSent = true))
  await until(context, () => context.credits.isSpent)
  assert.equal(isSent, false)
  await until(context, () => {
    for (const batch of batches.splice(0)) batch.ack()
    return context.account.sent === 50_000
  })
  await sending
  assert.equal(context.account.droppedTotal, 0)
})

test('the socket of a program that ended is taken over, one in use and a file are not', options, async t => {
  const file = socketFile(t)
  const start = () => {
    const receiver = new StatsdReceiver(testConfig(plugin, { listen: [`unixgram://${file}`] }), testContext())
    t.after(() => receiver.stop())
    return receiver.start()
  }
  writeFileSync(file, '')
  await assert.rejects(start(), /cannot listen on unixgram:.*EADDRINUSE/)
  rmSync(file)
  await abandon(file)
  await start()
  await assert.rejects(start(), /EADDRINUSE/)
  await send(file, `[b'hits:1|c']`)
})

test('a path that is too long for a socket, or has no folder, is told', options, async t => {
  const long = `unixgram:///${'a'.repeat(107)}`
  assert.throws(() => testConfig(plugin, { listen: [long] }), /108 bytes, and a socket's has at most 107/)
  const missing = new StatsdReceiver(
    testConfig(plugin, { listen: [`unixgram://${socketFile(t)}/none`] }),
    testContext()
  )
  await assert.rejects(missing.start(), /ENOTDIR|ENOENT/)
  await missing.stop()
})
