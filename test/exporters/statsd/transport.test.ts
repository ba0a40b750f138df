import assert from 'node:assert/strict'
import { test } from 'node:test'
import plugin from '../../../exporters/statsd/index.ts'
import { transportTo } from '../../../exporters/statsd/transport.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { eventually } from '../../e2e/eventually.ts'

const openSockets = () => process.getActiveResourcesInfo().filter(name => name === 'UDPWrap').length

test('a server whose name is not found costs no socket at each try', async () => {
  const transport = transportTo(testConfig(plugin, { endpoint: 'udp://nowhere.invalid:8125' }))
  const { signal } = new AbortController()
  const before = openSockets()
  for (let i = 0; i < 3; i++) await assert.rejects(transport.send(Buffer.from('a:1|c'), signal))
  await eventually('the sockets are closed', () => openSockets() === before)
  transport.close()
})
