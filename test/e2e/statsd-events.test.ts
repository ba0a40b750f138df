import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatsD } from 'hot-shots'
import { eventually } from './eventually.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const EVENTS_TOO = 'events: { receivers: [statsd], items: [events], processors: [sampler], exporters: [debug] }'

const MODES = [
  ['one thread', ''],
  ['workers', 'workers: 2'],
  ['a journal', 'journal: { folder: journal }']
] as const

for (const [name, mode] of MODES)
  test(`${name}: DogStatsD's events go to pipelines that ask for events, and are dropped without one`, async t => {
    const sandbox = await Sandbox.open(t)
    const first = await sandbox.start(config(mode, EVENTS_TOO))
    await sendAll(first)
    const received = async (id: string) => (await first.component(id)).account.received
    await eventually('each pipeline has its own', async () => {
      return (await received('processor sampler')) === 2 && (await received('processor cardinality_limiter')) === 1
    })
    await first.settled()
    await first.assertLedger()
    await first.stop()

    const second = await sandbox.start(config(mode, ''))
    await sendAll(second)
    await eventually('all have come', async () => (await second.component('receiver statsd')).account.received === 3)
    await second.settled()
    await second.assertLedger({ 'receiver statsd': { no_pipeline: 2 } })
    assert.equal((await second.component('receiver statsd')).account.sent, 1)
    assert.match(second.stderr, /events are dropped: no pipeline of this receiver takes them/)
    await second.stop()
  })

function sendAll({ statsdPort: port }: Weir): Promise<void> {
  const client = new StatsD({ host: '127.0.0.1', port, errorHandler: assert.ifError })
  client.increment('hits')
  client.event('deployed', 'v2')
  client.check('alive', client.CHECKS.OK)
  return new Promise((resolve, reject) => client.close(error => (error ? reject(error) : resolve())))
}

const config = (mode: string, pipeline: string) => `
receivers:
  statsd: { endpoint: 127.0.0.1:0 }
processors:
  cardinality_limiter:
  ${pipeline === '' ? '' : 'sampler: { probability: 1 }'}
exporters:
  debug:
service:
  admin: { endpoint: 127.0.0.1:0 }
  ${mode}
  pipelines:
    metrics: { receivers: [statsd], processors: [cardinality_limiter], exporters: [debug] }
    ${pipeline}
`
