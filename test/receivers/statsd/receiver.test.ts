import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { StatsD } from 'hot-shots'
import { CreditPool } from '../../../core/batch/credits.ts'
import { ServiceAccess } from '../../../core/http/access/service-access.ts'
import { DEFAULT_TENANT_LIMITS } from '../../../core/http/tenants/config.ts'
import plugin from '../../../receivers/statsd/index.ts'
import { StatsdReceiver } from '../../../receivers/statsd/receiver.ts'
import { kernelDrops } from '../../../receivers/statsd/sockets/kernel-drops.ts'
import { attributeText, type Batch, type EventBlock, WeirError } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { endpointOf, running, totals, until } from './harness.ts'

test('takes the lines of hot-shots: counters, sampling, timers, sets, gauges, tags, packed and not', async t => {
  for (const maxBufferSize of [0, 1400]) {
    const { context, batches, port } = await running(t)
    const options = {
      host: '127.0.0.1',
      port,
      maxBufferSize,
      bufferFlushInterval: 5,
      globalTags: { app: 'shop' },
      errorHandler: assert.ifError
    }
    const client = new StatsD(options)
    for (let i = 0; i < 100; i++) client.increment('hits')
    client.increment('hits', 50, { route: '/a' })
    client.decrement('hits', 5, { route: '/a' })
    // No more than a socket buffer holds, where the kernel allows only a small one.
    for (let i = 0; i < 400; i++) client.increment('sampled', 1, 0.25)
    client.timing('query', 12)
    client.histogram('size', 7)
    for (const value of [1, 2, 3]) client.distribution('spread', value)
    client.set('visitors', 'ann')
    client.unique('visitors', 'bob')
    client.gauge('depth', 10)
    client.gaugeDelta('depth', -3)
    client.gaugeDelta('depth', 1)
    client.event('deployed', 'v2')
    client.check('alive', 0)
    await new Promise(resolve => client.close(resolve))
    const pointBlocks = () => batches.flatMap(({ block }) => (block.type === 'points' ? [block] : []))
    const events = () => batches.flatMap(({ block }) => (block.type === 'events' ? rowsOf(block) : []))
    await until(context, () => events().length === 2)
    await until(context, () => 'depth,app=shop' in totals(pointBlocks()))
    const { 'sampled,app=shop': sampled, ...rest } = totals(pointBlocks())
    assert.deepEqual(rest, {
      'hits,app=shop': 100,
      'hits,app=shop,route=/a': 45,
      'query,app=shop': 1,
      'size,app=shop': 1,
      'spread,app=shop': 3,
      'visitors,app=shop': 2,
      'depth,app=shop': 8
    })
    assert.ok(Math.abs(sampled - 400) < 220, `about 400 by sampling, not ${sampled}`)
    assert.deepEqual(events(), ['deployed app=shop,dogstatsd.text=v2', 'alive app=shop,dogstatsd.status=ok'])
    assert.equal(context.account.dropped.size, 0)
    const { inFlight } = context.account
    for (const batch of batches) batch.ack()
    assert.deepEqual([context.account.sent, context.credits.used], [inFlight, 0])
  }
})

test('items that no pipeline takes are dropped at once, and told once; others are tried again', async t => {
  const { context, sizes, send } = await running(t, {}, batch =>
    batch.block.type === 'points' ? batch.ack() : batch.nack(new WeirError('NO_PIPELINE', 'no pipeline takes events'))
  )
  await send('_e{6,2}:deploy|v2\nhits:1|c\n_sc|db|2')
  await until(context, () => context.account.dropped.size === 1)
  await send('_sc|db|0')
  await until(context, () => context.account.dropped.get('no_pipeline') === 3)
  const { received, sent, refused, inFlight } = context.account
  assert.deepEqual({ received, sent, refused, inFlight }, { received: 4, sent: 1, refused: 0, inFlight: 0 })
  assert.equal(context.credits.used, 0)
  context.clock.advance(60_000)
  assert.deepEqual(sizes, [1, 2, 1])
})

test('the data of a tenant is labelled once, and is in the books once, though it is nacked and sent again', async t => {
  const context = testContext()
  const { log, clock, series } = context
  const limits = { ...DEFAULT_TENANT_LIMITS, max_series: 1 }
  const tenants = { over_limit_status: 429, limits, overrides: {} } as const
  const access = new ServiceAccess({ authenticators: {}, tenants }, { log, clock, series, thread: 0, threads: 1 })
  const { batches, send } = await running(t, { tenant: 'shop' }, undefined, Object.assign(context, { access }))
  await send('hits:1|c\nmisses:1|c\nhits:1|c')
  await until(context, () => batches.length === 1)
  batches[0].nack(new WeirError('QUEUE_FULL', 'full'))
  await until(context, () => batches.length === 2)
  batches[1].ack()
  const { received, sent, dropped } = context.account
  assert.deepEqual([received, sent, Object.fromEntries(dropped)], [3, 2, { tenant_series_limit: 1 }])
  assert.deepEqual(access.tenants!.usage, [
    { tenant: 'shop', samples: 2, bytes: 0, series: 1, exported: 0, refused: 1, limited: 0 }
  ])
  const { block } = batches[1]
  assert.ok(block.type === 'points' && block.series.at(0).resource.attributes.some(([, value]) => value === 'shop'))
})

test('gathers datagrams into blocks', async t => {
  const { context, batches, sizes, send } = await running(t)
  for (let i = 0; i < 50; i++) await send(`c:${i}|c`)
  await until(context, () => sizes.reduce((sum, size) => sum + size, 0) === 50)
  assert.ok(sizes.length <= 25, `${sizes.length} blocks`)
  assert.equal(context.account.inFlight, 50)
  for (const batch of batches) batch.ack()
  assert.equal(context.account.sent, 50)
  assert.equal(context.credits.used, 0)
})

test('lines it cannot read are in the ledger by reason', async t => {
  const { context, send } = await running(t, {}, batch => batch.ack())
  await send('good:1|c\nbad\nworse:x|c\ngood:1|c')
  await until(context, () => context.account.sent === 2)
  assert.equal(context.account.received, 4)
  assert.deepEqual(Object.fromEntries(context.account.dropped), { missing_value: 1, invalid_value: 1 })
})

test('datagrams that come without credits are dropped and counted', async t => {
  const context = Object.assign(testContext(), { credits: new CreditPool(100) })
  const { batches, send } = await running(t, {}, undefined, context)
  await send('a:1|c')
  await until(context, () => batches.length === 1)
  await send('b:1|c\nb:2|c\nb:3|c')
  await until(context, () => context.account.droppedTotal > 0)
  assert.deepEqual(Object.fromEntries(context.account.dropped), { no_credits: 3 })
  assert.equal(context.account.received, 4)
  batches[0].ack()
  await send('c:1|c')
  await until(context, () => batches.length === 2)
  batches[1].ack()
})

test('regression: series that nobody knew cost nothing, whatever they take in memory', async t => {
  const { context, batches, send } = await running(t)
  const line = `a:1|c|#tag:${'x'.repeat(1000)}`
  await send(line)
  await until(context, () => batches.length === 1)
  const used = context.credits.used
  assert.ok(used > 1000, `${used} credits`)
  await send(line)
  await until(context, () => batches.length === 2)
  assert.ok(context.credits.used - used < 100, `${context.credits.used - used} more once it is known`)
  for (const batch of batches) batch.ack()
})

test('regression: many points were gathered before anybody paid for their series', async t => {
  const { context, batches, send } = await running(t)
  // Time stands still: nothing but the bytes can end a block.
  for (let i = 0; batches.length === 0; i++) {
    assert.ok(i < 1000, 'nothing was sent')
    await send(`a${i}:1|c|#tag:${'x'.repeat(3000)}`)
    await setImmediate()
  }
  assert.ok(context.credits.used < 2 ** 21, `${context.credits.used} credits for one block`)
  for (const batch of batches) batch.ack()
})

test('a nacked batch is sent again, and is in the ledger once', async t => {
  let refusals = 3
  const { context, sizes, send } = await running(t, {}, batch => {
    if (refusals-- > 0) batch.nack(new Error('full'))
    else batch.ack()
  })
  await send('a:1|c\na:2|c')
  await until(context, () => sizes.length === 2)
  const { account } = context
  assert.deepEqual([account.received, account.inFlight, account.refused, account.imbalance], [2, 2, 0, 0])
  assert.ok(context.credits.used > 0, 'waiting points hold their credits')
  await until(context, () => account.sent === 2)
  assert.deepEqual([account.received, account.inFlight, account.refused, account.droppedTotal], [2, 0, 0, 0])
  assert.deepEqual(sizes, [2, 2, 2, 2])
  assert.equal(context.credits.used, 0)
})

test('gives up after retry_for, and at the stop', async t => {
  const never = (batch: Batch) => batch.nack(new Error('full'))
  const patient = await running(t, {}, never)
  await patient.send('a:1|c')
  await until(patient.context, () => patient.sizes.length === 1)
  await patient.receiver.stop()
  assert.deepEqual(Object.fromEntries(patient.context.account.dropped), { shutdown: 1 })
  assert.equal(patient.context.credits.used, 0)
  const impatient = await running(t, { retry_for: '1s' }, never)
  await impatient.send('a:1|c')
  await until(impatient.context, () => impatient.context.account.droppedTotal === 1)
  assert.deepEqual(Object.fromEntries(impatient.context.account.dropped), { retries_exhausted: 1 })
  assert.equal(impatient.sizes.length, 5)
})

test('a batch nacked after the stop is dropped', async t => {
  const { context, batches, receiver, send } = await running(t)
  await send('a:1|c')
  await until(context, () => batches.length === 1)
  await receiver.stop()
  batches[0].nack(new Error('shutting down'))
  assert.deepEqual(Object.fromEntries(context.account.dropped), { shutdown: 1 })
})

test('sends its gathered lines and completes when stopped', async t => {
  const { context, receiver, sizes, send } = await running(t, {}, batch => batch.ack())
  let completed = false
  receiver.batches$.subscribe({ complete: () => (completed = true) })
  const gathering = new Promise<void>(resolve => {
    context.clock.setTimer = () => {
      resolve()
      return () => {}
    }
  })
  await send('a:1|c')
  await gathering
  await receiver.stop()
  await receiver.stop()
  assert.deepEqual([sizes, completed], [[1], true])
})

test('a port in use is said at the start', async t => {
  const { port } = await running(t)
  const second = new StatsdReceiver(testConfig(plugin, { endpoint: `127.0.0.1:${port}` }), testContext())
  await assert.rejects(second.start(), (error: Error) => {
    assert.match(error.message, new RegExp(`cannot listen on udp://127.0.0.1:${port}`))
    assert.match(String(error.cause), /EADDRINUSE/)
    return true
  })
  await second.stop()
  assert.throws(() => testConfig(plugin, { endpoint: '8125' }), /endpoint must match/)
  assert.throws(() => testConfig(plugin, { endpoint: 'h:65536' }), /endpoint must match/)
})

test('reports the datagrams that the kernel dropped', { skip: process.platform !== 'linux' }, async t => {
  const context = testContext()
  let counted = 0
  Object.assign(context.instruments, {
    counter: (name: string) => ({ add: (value: number) => (counted += name === 'kernel_drops_total' ? value : 0) })
  })
  const { receiver, send } = await running(t, { receive_buffer: '1KiB' }, batch => batch.ack(), context)
  assert.equal(await kernelDrops(endpointOf(receiver)), 0)
  // Sent without giving the receiver its turn.
  await Promise.all(Array.from({ length: 500 }, () => send('x'.repeat(1000))))
  const dropped = await kernelDrops(endpointOf(receiver))
  assert.ok(dropped > 100, `${dropped} dropped`)
  context.clock.advance(10_000)
  await until(context, () => counted > 0)
  assert.equal(counted, dropped)
})

test('listens on IPv6', async t => {
  const context = testContext()
  const receiver = new StatsdReceiver(testConfig(plugin, { endpoint: '[::1]:0' }), context)
  const unavailable = await receiver.start().then(
    () => false,
    () => true
  )
  t.after(() => receiver.stop())
  if (unavailable) return t.skip('no IPv6 on this machine')
  assert.equal(await kernelDrops(endpointOf(receiver)), 0)
})

test('clients that send nothing are counted by a reason, without a warning', async t => {
  const { context, send } = await running(t)
  const warnings: string[] = []
  context.log.warn = ((_fields: object, text: string) => void warnings.push(text)) as never
  await send('')
  await send('t:|ms')
  await until(context, () => context.account.droppedTotal === 2)
  assert.deepEqual(Object.fromEntries(context.account.dropped), { empty_datagram: 1, missing_value: 1 })
  assert.deepEqual(warnings, [])
})

test('names with tags that are not read are counted, and the first is warned of', async t => {
  const { context, sizes, send } = await running(t)
  const warnings: object[] = []
  context.log.warn = ((fields: object) => void warnings.push(fields)) as never
  await send('hits,host=a:1|c\nhits,host=b:1|c\nhits;host=b:1|c')
  await until(context, () => sizes.length > 0)
  assert.equal(context.counters.get('unread_tags_total'), 3)
  assert.deepEqual(warnings, [{ name: 'hits,host=a', format: 'influx' }])
})

/** Name and attributes of each event. */
function rowsOf({ name, attributes }: EventBlock): string[] {
  return name.map(
    (text, i) => `${text} ${attributes[i].map(([key, value]) => `${key}=${attributeText(value)}`).join()}`
  )
}
