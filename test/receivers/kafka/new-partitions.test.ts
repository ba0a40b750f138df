import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { eventually } from '../../e2e/eventually.ts'
import { deltaRequest, postOtlp } from '../../e2e/otlp-requests.ts'
import { Sandbox } from '../../e2e/weir-process.ts'
import { kafkaJars, startKafka } from '../../servers/kafka.ts'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'

const [jars, store] = [await kafkaJars(), await victoriaMetricsProgram()]
const PARTITIONS = { before: 1, after: 4, last: 5 }
const SERIES = 40
const ROUND_MS = 200

const gateway = (broker: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  kafka: { brokers: ['${broker}'], topic: growing, partitions: ${PARTITIONS.before} }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines: { main: { receivers: [otlp], exporters: [kafka] } }
`
const aggregator = (broker: string, url: string) => `
receivers:
  kafka: { brokers: ['${broker}'], topic: growing, group: growing, start_at: latest, session_timeout: 6s, checkpoint_interval: 300ms }
processors:
  windowed_counter: { windows: [1s], allowed_lateness: 500ms, output: [delta] }
exporters:
  victoriametrics: { endpoint: '${url}/api/v1/write' }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines: { main: { receivers: [kafka], processors: [windowed_counter], exporters: [victoriametrics] } }
`

test('partitions that are added while gateway and aggregators run are written and read, and all counts are exact', {
  skip: jars.skip || store.skip,
  timeout: 180_000
}, async t => {
  const kafka = await startKafka(jars.path)
  t.after(() => kafka.stop())
  const vm = await startVictoriaMetrics(store.path)
  t.after(() => vm.stop())
  const boxes = await Promise.all([1, 2, 3].map(() => Sandbox.open(t)))
  const door = await boxes[0].start(gateway(kafka.broker))
  let sent = 0
  const send = async () => {
    const time = Date.now()
    const points = Array.from({ length: SERIES }, (_, i) => ({
      name: 'taps',
      attributes: { button: `b${i}` },
      time,
      value: 1
    }))
    assert.equal((await postOtlp(door.otlp, deltaRequest(points))).status, 200)
    sent += SERIES
  }
  // It makes the topic.
  await send()
  sent = 0
  const counting = await Promise.all(boxes.slice(1).map(box => box.start(aggregator(kafka.broker, vm.url))))
  const partitions = async () => {
    const each = counting.map(weir => weir.metric('weir_receiver_kafka_partitions\\{component="kafka"\\}'))
    return (await Promise.all(each)).reduce((a, b) => a + b, 0)
  }
  await eventually('the partition is had', async () => (await partitions()) === PARTITIONS.before, {
    deadlineMs: 30_000
  })
  await send()
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.broker] })
  t.after(() => admin.close())
  await admin.createPartitions({ topics: [{ name: 'growing', count: PARTITIONS.after }] })
  const used = async () => {
    const { topics } = await admin.metadata({ topics: ['growing'], forceUpdate: true })
    const wanted = Array.from(topics.get('growing')!.partitions, (_, partitionIndex) => ({
      partitionIndex,
      timestamp: -1n
    }))
    const [found] = await admin.listOffsets({ topics: [{ name: 'growing', partitions: wanted }] })
    return found.partitions.filter(({ offset }) => offset > 0n).length
  }
  const sendUntil = async (holds: () => Promise<boolean>) => {
    for (let rounds = 0; !(await holds()); rounds++) {
      assert.ok(rounds < 300, 'new partitions are neither written nor read')
      await send()
      await setTimeout(ROUND_MS)
    }
  }
  await sendUntil(async () => (await used()) === PARTITIONS.after && (await partitions()) === PARTITIONS.after)
  for (let round = 0; round < 10; round++) await send()
  const stored = async () => {
    await vm.flush()
    const series = await vm.exportSeries('{__name__=~"taps.*"}')
    return series.flatMap(({ values }) => values).reduce<number>((sum, value) => sum + (value ?? 0), 0)
  }
  const counted = () => eventually('all count once', async () => (await stored()) === sent, { deadlineMs: 40_000 })
  await counted()
  for (const weir of counting) await weir.stop()
  await admin.createPartitions({ topics: [{ name: 'growing', count: PARTITIONS.last }] })
  await sendUntil(async () => (await used()) === PARTITIONS.last)
  await boxes[1].start(aggregator(kafka.broker, vm.url))
  await counted()
})
