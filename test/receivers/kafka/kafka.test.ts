import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, describe, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka'
import { eventually } from '../../e2e/eventually.ts'
import { deltaRequest } from '../../e2e/otlp-requests.ts'
import { Sandbox, type Weir } from '../../e2e/weir-process.ts'
import { type Kafka, kafkaJars, kcatProgram, startKafka } from '../../servers/kafka.ts'
import { startVictoriaMetrics, type VictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'

const MESSAGES = 10_000
const GARBAGE = 100
const LATE_MS = 500
/** How long the backend is away; a minute shows that memory stays flat. */
const AWAY_SECONDS = Number(process.env.KAFKA_AWAY_SECONDS ?? 8)
/** Growth while a backend is away: its queue, buffers, and garbage that was not collected yet. */
const MOST_GROWTH_BYTES = 150 * 2 ** 20

const [jars, kcat, store] = [await kafkaJars(), await kcatProgram(), await victoriaMetricsProgram()]
const skip = jars.skip || kcat.skip || store.skip

interface Options {
  readonly group: string
  readonly topic: string
  readonly store: string
  readonly more?: string
  readonly exporter?: string
}

function aggregator({ broker }: Kafka, { group, topic, store: url, more = '', exporter = '' }: Options): string {
  return `
receivers:
  kafka: { brokers: ['${broker}'], topic: ${topic}, group: ${group}, session_timeout: 6s, checkpoint_interval: 500ms, ${more} }
processors:
  windowed_counter: { windows: [1s], allowed_lateness: ${LATE_MS}ms, output: [delta] }
exporters:
  victoriametrics: { endpoint: '${url}/api/v1/write', ${exporter} }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines: { main: { receivers: [kafka], processors: [windowed_counter], exporters: [victoriametrics] } }
`
}

/** Writes requests of OTLP as any program with a Kafka client would. */
async function writer({ broker }: Kafka, topic: string, partitions: number) {
  const client = { clientId: 'test', bootstrapBrokers: [broker] }
  const admin = new Admin(client)
  const isThere = (await admin.listTopics()).includes(topic)
  if (!isThere)
    await admin.createTopics({
      topics: [topic],
      partitions,
      replicas: 1,
      configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
    })
  await admin.close()
  // Without it the client writes some records to a new topic twice.
  const producer = new Producer({ ...client, acks: ProduceAcks.ALL, idempotent: true })
  await eventually('the topic has leaders', async () => {
    const { topics } = await producer.metadata({ topics: [topic], forceUpdate: true })
    return topics.get(topic)?.partitions.every(({ leader }) => leader >= 0)
  })
  return {
    async send(values: readonly Uint8Array[]): Promise<void> {
      for (let at = 0; at < values.length; at += 1000) {
        const messages = values
          .slice(at, at + 1000)
          .map((value, i) => ({ topic, partition: (at + i) % partitions, value: Buffer.from(value) }))
        await producer.send({ messages })
      }
    },
    close: () => producer.close()
  }
}

const point = (client: number, time: number, value = 1) =>
  deltaRequest([{ name: 'requests', attributes: { client: `c${client}` }, time, value }])

async function total({ flush, exportSeries }: VictoriaMetrics, partition = '.+'): Promise<number> {
  await flush()
  const series = await exportSeries(`{__name__=~"requests.*",partition=~"${partition}"}`)
  return series.flatMap(({ values }) => values).reduce<number>((sum, value) => sum + (value ?? 0), 0)
}

/** By the client of librdkafka: the values of a topic. */
async function valuesOf({ broker }: Kafka, topic: string): Promise<{ headers: string[]; key: string }[]> {
  const args = ['-C', '-b', broker, '-t', topic, '-e', '-q', '-J']
  const { stdout } = await promisify(execFile)(kcat.path, args, { maxBuffer: 64 * 2 ** 20 })
  return stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)]))
}

/** By the same client: the offset behind the last record of each partition. */
async function endsOf({ broker }: Kafka, topic: string, partitions: number): Promise<number[]> {
  const ends = Array.from({ length: partitions }, async (_, i) => {
    const { stdout } = await promisify(execFile)(kcat.path, ['-Q', '-b', broker, '-t', `${topic}:${i}:-1`])
    return Number(/offset (\d+)/.exec(stdout)?.[1])
  })
  return Promise.all(ends)
}

async function lagOf(weir: Weir): Promise<Map<number, number>> {
  const text = await (await fetch(`${weir.admin}/metrics`)).text()
  const found = text.matchAll(/^weir_receiver_kafka_lag_records\{component="kafka",partition="(\d+)"\} (\d+)$/gm)
  return new Map([...found].map(([, partition, lag]) => [Number(partition), Number(lag)]))
}

describe('kafka', { skip, timeout: 240_000 }, async () => {
  if (skip) return
  const kafka = await startKafka(jars.path)
  after(() => kafka.stop())

  test('records that cannot be read go to the dead letters, and all others count', async t => {
    const sandbox = await Sandbox.open(t)
    const vm = await startVictoriaMetrics(store.path)
    t.after(() => vm.stop())
    const { send, close } = await writer(kafka, 'poisoned', 3)
    t.after(close)
    const now = Date.now()
    const garbage = Buffer.from('this is no request of OTLP')
    const messages = Array.from({ length: MESSAGES }, (_, i) =>
      i % (MESSAGES / GARBAGE) === 7 ? garbage : point(i % 50, now)
    )
    await send(messages)
    const weir = await sandbox.start(aggregator(kafka, { group: 'poison', topic: 'poisoned', store: vm.url }))
    await eventually('all others are counted', async () => (await total(vm)) === MESSAGES - GARBAGE)
    const dead = await valuesOf(kafka, 'poisoned.dead-letters')
    assert.equal(dead.length, GARBAGE)
    const headers = Object.fromEntries(pairs(dead[0].headers))
    assert.equal(headers['weir-topic'], 'poisoned')
    assert.equal(dead[0].key, `poisoned/${headers['weir-partition']}/${headers['weir-offset']}`)
    assert.match(headers['weir-error'], /./)
    assert.equal(await weir.metric('weir_receiver_kafka_dead_letters_total\\{component="kafka"\\}'), GARBAGE)
    await weir.settled()
    await weir.assertLedger()
  })

  test('a record that is too large for the dead letters is there without its value, and checkpoints go on', async t => {
    const sandbox = await Sandbox.open(t)
    const vm = await startVictoriaMetrics(store.path)
    t.after(() => vm.stop())
    const { send, close } = await writer(kafka, 'huge', 1)
    t.after(close)
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.broker] })
    const configs = [{ name: 'max.message.bytes', value: '10000' }]
    await admin.createTopics({ topics: ['huge.dead-letters'], partitions: 1, replicas: 1, configs })
    await admin.close()
    await send([point(1, Date.now()), randomBytes(50_000), point(2, Date.now())])
    const weir = await sandbox.start(aggregator(kafka, { group: 'huge', topic: 'huge', store: vm.url }))
    await eventually('the others are counted', async () => (await total(vm)) === 2)
    const dead = await eventually('it is there', async () => {
      const found = await valuesOf(kafka, 'huge.dead-letters')
      return found.length === 1 && found
    })
    assert.equal(Object.fromEntries(pairs(dead[0].headers))['weir-value-bytes'], '50000')
    await weir.stop()
    const moves = await sandbox.weir('kafka', 'seek', '--config', sandbox.path('weir.yaml'), '--to', 'latest')
    assert.match(moves.stdout, /huge\/0: stays at 3/)
  })

  test('a topic that has more partitions than before is read, and its state topic gets as many', async t => {
    const sandbox = await Sandbox.open(t)
    const vm = await startVictoriaMetrics(store.path)
    t.after(() => vm.stop())
    const few = await writer(kafka, 'grown', 1)
    await few.send([point(1, Date.now())])
    await few.close()
    const config = aggregator(kafka, { group: 'grown', topic: 'grown', store: vm.url })
      .replace('processors:\n', 'processors:\n  cardinality_limiter: {}\n')
      .replace('[windowed_counter]', '[windowed_counter, cardinality_limiter]')
    const weir = await sandbox.start(config)
    await eventually('it is counted', async () => (await total(vm)) === 1)
    await weir.stop()
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.broker] })
    t.after(() => admin.close())
    await admin.createPartitions({ topics: [{ name: 'grown', count: 3 }] })
    const many = await writer(kafka, 'grown', 3)
    t.after(many.close)
    await many.send(Array.from({ length: 30 }, (_, i) => point(i, Date.now())))
    const again = await sandbox.start(config.replace('windows: [1s]', 'windows: [2s]'))
    await eventually('a state that does not fit is told, with what to do', async () =>
      /windows of 2s now.*start the configuration that it had, or move its group/.test(again.stderr)
    )
    const metrics = await eventually('the others have tasks', async () => {
      const text = await (await fetch(`${again.admin}/metrics`)).text()
      return ['1', '2'].every(own => text.includes(`partition="grown/${own}"`)) && text
    })
    assert.ok(!metrics.includes('partition="grown/0"'), 'the task that could not begin has gone')
    await again.stop()
    await sandbox.start(config)
    await eventually('the partition whose state was refused is counted too', async () => (await total(vm, '0')) === 11)
    const { topics } = await admin.metadata({ topics: ['grown.grown.state'], forceUpdate: true })
    assert.equal(topics.get('grown.grown.state')?.partitionsCount, 3)
  })

  test('while a backend is away records wait in the topic: the lag is as kcat says, and nothing is lost', async t => {
    const sandbox = await Sandbox.open(t)
    const first = await startVictoriaMetrics(store.path)
    const port = Number(new URL(first.url).port)
    await first.stop()
    const { send, close } = await writer(kafka, 'waiting', 3)
    t.after(close)
    await send(Array.from({ length: 3 }, (_, i) => point(i, Date.now())))
    const exporter = 'timeout: 1s, retry: { initial_interval: 100ms, max_interval: 500ms }, queue: { max_size: 8KiB }'
    const options = { group: 'waiting', topic: 'waiting', store: first.url, exporter, more: 'max_buffer: 64KiB' }
    const weir = await sandbox.start(aggregator(kafka, options))
    let sent = 3
    const rss: number[] = []
    for (let second = 0; second < AWAY_SECONDS; second++) {
      const now = Date.now()
      await send(Array.from({ length: 3000 }, (_, i) => point(i % 500, now)))
      sent += 3000
      await setTimeout(1000)
      rss.push(await rssOf(weir.pid))
    }
    t.diagnostic(`MiB resident, each second: ${rss.map(bytes => Math.round(bytes / 2 ** 20)).join(' ')}`)
    assert.ok(Math.max(...rss) - rss[2] < MOST_GROWTH_BYTES)
    const lag = await eventually('some wait', async () => {
      const found = await lagOf(weir)
      return [...found.values()].reduce((a, b) => a + b, 0) > 1000 && found
    })
    const ends = await endsOf(kafka, 'waiting', 3)
    assert.equal(
      ends.reduce((a, b) => a + b, 0),
      sent
    )
    for (const [partition, records] of lag) assert.ok(records <= ends[partition], `${partition}: ${records}`)
    const vm = await startVictoriaMetrics(store.path, port)
    t.after(() => vm.stop())
    await eventually('all have come', async () => (await total(vm)) === sent, { deadlineMs: 60_000 })
    await eventually('no lag is left', async () => [...(await lagOf(weir)).values()].every(records => records === 0))
    await weir.settled()
    await weir.assertLedger()
  })

  test('one process and three write the same', async t => {
    const stores = await Promise.all([startVictoriaMetrics(store.path), startVictoriaMetrics(store.path)])
    for (const vm of stores) t.after(() => vm.stop())
    const { send, close } = await writer(kafka, 'shared', 3)
    t.after(close)
    await send(Array.from({ length: 300 }, (_, i) => point(i % 20, Date.now())))
    const boxes = await Promise.all(Array.from({ length: 4 }, () => Sandbox.open(t)))
    await boxes[0].start(aggregator(kafka, { group: 'one', topic: 'shared', store: stores[0].url }))
    for (const box of boxes.slice(1))
      await box.start(aggregator(kafka, { group: 'three', topic: 'shared', store: stores[1].url }))
    let sent = 300
    for (let round = 0; round < 20; round++) {
      const now = Date.now()
      await send(Array.from({ length: 400 }, (_, i) => point(i % 20, now - (i % 3) * 900, i % 5)))
      sent += 800
      await setTimeout(150)
    }
    for (const vm of stores)
      await eventually('all have come', async () => (await total(vm)) === sent, { deadlineMs: 40_000 })
    const [one, three] = await Promise.all(stores.map(vm => vm.exportSeries('{__name__!=""}')))
    assert.deepEqual(three, one)
  })

  test('a group is moved to a time, and counts anew into a fresh store while live traffic goes on', async t => {
    const [sandbox, vm, fresh] = [
      await Sandbox.open(t),
      await startVictoriaMetrics(store.path),
      await startVictoriaMetrics(store.path)
    ]
    for (const server of [vm, fresh]) t.after(() => server.stop())
    const { send, close } = await writer(kafka, 'again', 3)
    t.after(close)
    await send(Array.from({ length: 300 }, (_, i) => point(i % 20, Date.now())))
    const config = (url: string) => aggregator(kafka, { group: 'again', topic: 'again', store: url })
    const weir = await sandbox.start(config(vm.url))
    await eventually('all are counted', async () => (await total(vm)) === 300)
    const seek = (...args: string[]) =>
      sandbox.weir('kafka', 'seek', '--config', sandbox.path('weir.yaml'), '--to', ...args)
    const refused = await seek('earliest', '--yes')
    assert.equal(refused.code, 5)
    assert.match(refused.stderr, /group again runs/)
    await weir.stop()
    const dry = await seek('earliest')
    assert.match(dry.stdout, /again\/0: 100 → 0 \(100 records again\)/)
    assert.match(dry.stdout, /nothing is changed/)
    const done = await seek('2020-01-01T00:00:00Z', '--yes')
    assert.equal(done.code, 0, done.stderr)
    await sandbox.start(config(fresh.url))
    // Another group goes on with what comes, into the store of before.
    const live = aggregator(kafka, { group: 'live', topic: 'again', store: vm.url, more: 'start_at: latest' })
    const beside = await Sandbox.open(t)
    const other = await beside.start(live)
    await eventually('it has its place', async () => {
      return (await other.metric('weir_receiver_kafka_partitions\\{component="kafka"\\}')) === 3
    })
    await eventually('all are counted again', async () => (await total(fresh)) === 300)
    assert.deepEqual(await fresh.exportSeries('{__name__!=""}'), await vm.exportSeries('{__name__!=""}'))
    for (let round = 0; round < 10; round++)
      await send(Array.from({ length: 300 }, (_, i) => point(i % 20, Date.now())))
    for (const store of [vm, fresh])
      await eventually('all that came is there', async () => (await total(store)) === 3300)
  })
})

async function rssOf(pid: number): Promise<number> {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))!
  return Number(kilobytes) * 1024
}

function pairs(headers: readonly string[]): [string, string][] {
  return Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i], headers[2 * i + 1]])
}
