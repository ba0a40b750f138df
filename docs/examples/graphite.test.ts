import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { it } from 'node:test'
import type { PointBlock } from 'weir/plugin'
import { contractOf } from 'weir/plugin/contract'
import { ReceiverHarness, testConfig, testContext } from 'weir/plugin/testing'
import plugin from './graphite.ts'

for (const { name, check } of contractOf(plugin, { config: { port: 0 } })) it(name, check)

it('takes lines as they come, cut anywhere, and counts those that are none', async () => {
  const context = testContext()
  let where = ''
  context.announce = what => (where = what)
  const harness = new ReceiverHarness(plugin.create(testConfig(plugin, { port: 0 }), context), context)
  await harness.start()
  const socket = connect(Number(where.split(':').at(-1)), '127.0.0.1')
  for (const part of ['a.b 1.5 17000', '00000\nnonsense\nc 2 1700000001\n']) {
    socket.write(part)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  socket.end()
  await once(socket, 'close')
  await harness.stop()
  const points = harness.received.flatMap(({ block }) => {
    const { series, time, value } = block as PointBlock
    return [...series].map(({ metric }, i) => [metric.name, time[i], value[i]])
  })
  assert.deepEqual(points, [
    ['a.b', 1_700_000_000_000, 1.5],
    ['c', 1_700_000_001_000, 2]
  ])
  assert.deepEqual([[...context.account.dropped], context.account.imbalance], [[['malformed', 1]], 0])
})
