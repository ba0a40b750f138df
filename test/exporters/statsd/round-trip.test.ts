import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext as Test, test } from 'node:test'
import plugin from '../../../exporters/statsd/index.ts'
import { observation, type PointBlock, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { ExporterHarness, type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { eventually } from '../../e2e/eventually.ts'
import { running, totals, until } from '../../receivers/statsd/harness.ts'
import { etsyStatsd, startEtsyStatsd } from '../../servers/etsy-statsd.ts'
import { freePort } from '../../servers/free-port.ts'

const SERIES = 400

/** Many counters, and one point of each other kind. */
function points({ series, clock }: TestContext): PointBlock {
  const builder = new PointBlockBuilder()
  const metric = { unit: '', description: '', temporality: 'delta' } as const
  const now = clock.now()
  for (let i = 0; i < SERIES; i++)
    builder.add(series.intern({ ...metric, name: 'hits', kind: 'counter' }, [['route', `/${i}`]]), now, i)
  const level = { ...metric, kind: 'gauge', temporality: 'unspecified' } as const
  builder.add(series.intern({ ...level, name: 'depth' }, []), now, 3.5)
  builder.add(series.intern({ ...level, name: 'below' }, []), now, -5)
  builder.add(series.intern({ ...level, name: 'below' }, []), now, -7)
  const histogram = { ...metric, kind: 'histogram', unit: 'ms' } as const
  builder.addDistribution(series.intern({ ...histogram, name: 'took' }, []), now, observation(12, 49))
  builder.addDistribution(series.intern({ ...histogram, name: 'took' }, []), now, observation(7, 1))
  const set = { ...metric, name: 'users', kind: 'set' } as const
  builder.addDistribution(series.intern(set, []), now, { kind: 'set', members: ['ann', 'bob'] })
  return builder.build()
}

const WANTED = Object.fromEntries([
  ...Array.from({ length: SERIES }, (_, i) => [`hits,route=/${i}`, i]),
  ['depth', 3.5],
  ['below', -7],
  ['took', 50],
  ['users', 2]
])

async function exporting(t: Test, config: object): Promise<ExporterHarness> {
  const context = testContext()
  const harness = await new ExporterHarness(plugin.create(testConfig(plugin, { ...config }), context), context).start()
  t.after(() => harness.stop())
  return harness
}

function socketFile(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'weir-statsd-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, 'weir.sock')
}

for (const [name, listen, config] of [
  ['UDP', 'udp://127.0.0.1:0', {}],
  ['TCP', 'tcp://127.0.0.1:0', {}],
  ['a Unix stream', 'unix', {}],
  ['a Unix stream, lengths in front', 'unix', { framing: 'length_prefix' }]
] as const)
  test(`the receiver gets what the exporter was given, over ${name}`, async t => {
    const address = listen === 'unix' ? `unix://${socketFile(t)}` : listen
    const { context, receiver, batches } = await running(t, { listen: [address] })
    const harness = await exporting(t, { ...config, endpoint: receiver.addresses[0] })
    const outcome = await harness.send(points(harness.context))
    assert.equal(outcome.status, 'acked')
    const seen = () => totals(batches.map(({ block }) => block as PointBlock))
    await until(context, () => Object.keys(seen()).length === Object.keys(WANTED).length && seen().took === 50)
    assert.deepEqual(seen(), WANTED)
    assert.equal(context.account.droppedTotal, 0)
    for (const batch of batches) batch.ack()
  })

test('points that cannot be sent are dropped by reason, and the others arrive', async t => {
  const { context, receiver, batches } = await running(t)
  const harness = await exporting(t, { endpoint: receiver.addresses[0], max_packet_size: '64B' })
  const { series, clock, account } = harness.context
  const builder = new PointBlockBuilder()
  const metric = { name: 'm', unit: '', description: '', kind: 'counter' } as const
  builder.add(series.intern({ ...metric, temporality: 'cumulative' }, []), clock.now(), 1)
  builder.add(series.intern({ ...metric, temporality: 'delta' }, [['a', 'x'.repeat(60)]]), clock.now(), 1)
  builder.add(series.intern({ ...metric, temporality: 'delta' }, []), clock.now(), 5)
  await harness.send(builder.build())
  await until(context, () => batches.length > 0)
  assert.deepEqual(totals(batches.map(({ block }) => block as PointBlock)), { m: 5 })
  assert.deepEqual(Object.fromEntries(account.dropped), { cumulative: 1, line_too_long: 1 })
  for (const batch of batches) batch.ack()
})

test('a server that is away is tried again, and nothing is sent twice', async t => {
  const port = await freePort()
  const harness = await exporting(t, { endpoint: `tcp://127.0.0.1:${port}` })
  const settled = harness.send(points(harness.context))
  await harness.advance(100)
  const { context, batches } = await running(t, { listen: [`tcp://127.0.0.1:${port}`] })
  let isSettled = false
  void settled.then(() => (isSettled = true))
  await eventually('the block is taken', async () => {
    await harness.advance(1000)
    return isSettled
  })
  const seen = () => totals(batches.map(({ block }) => block as PointBlock))
  await until(context, () => seen().took === 50 && Object.keys(seen()).length === Object.keys(WANTED).length)
  assert.deepEqual(seen(), WANTED)
  for (const batch of batches) batch.ack()
})

test('Etsy’s server counts what the exporter was given', etsyStatsd, async t => {
  const { port, ask, stop } = await startEtsyStatsd()
  t.after(stop)
  const harness = await exporting(t, { endpoint: `udp://127.0.0.1:${port}`, histogram_type: 'ms' })
  await harness.send(points(harness.context))
  const counters = await eventually('all counters are there', async () => {
    const answer = await ask('counters')
    return answer.includes(`'hits;route=-${SERIES - 1}'`) && answer
  })
  for (let i = 0; i < SERIES; i++) assert.match(counters, new RegExp(`'?hits;route=-${i}'?: ${i}\\b`))
  assert.match(counters, /'statsd.bad_lines_seen': 0/)
  const gauges = await ask('gauges')
  assert.match(gauges, /depth: 3\.5/)
  assert.match(gauges, /below: -7/)
  // No rate stands for 49 observations: one of them has a line of its own.
  assert.match(await ask('timers'), /took: \[ 12, 12, 7 \]/)
})
