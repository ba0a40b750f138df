import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { eventually } from '../../e2e/eventually.ts'
import { deltaRequest, postOtlp } from '../../e2e/otlp-requests.ts'
import { Sandbox } from '../../e2e/weir-process.ts'
import { freePort } from '../../servers/free-port.ts'
import { kafkaJars, startKafka } from '../../servers/kafka.ts'
import { startVictoriaMetrics, type VictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'

const [jars, store] = [await kafkaJars(), await victoriaMetricsProgram()]
const SERIES = 60
const ROUND_MS = 100

const gateway = (broker: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  kafka: { brokers: ['${broker}'], topic: reloaded, partitions: 3 }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines: { main: { receivers: [otlp], exporters: [kafka] } }
`

interface Setup {
  readonly broker: string
  readonly admin: number
  /** Of the receiver. */
  readonly member: string
  readonly first: string
  readonly second?: string
  readonly windows?: string
  readonly lateness?: string
  readonly timeout?: string
}

const aggregator = ({
  broker,
  admin,
  member,
  first,
  second,
  windows = '[1s]',
  lateness = '500ms',
  timeout = '5s'
}: Setup) => `
receivers:
  kafka: { brokers: ['${broker}'], topic: reloaded, group: reloaded, session_timeout: 6s, checkpoint_interval: 300ms, ${member} }
processors:
  windowed_counter: { windows: ${windows}, allowed_lateness: ${lateness}, output: [delta] }
exporters:
  victoriametrics: { endpoint: '${first}/api/v1/write', timeout: ${timeout} }
${second === undefined ? '' : `  victoriametrics/second: { endpoint: '${second}/api/v1/write' }`}
service:
  admin: { endpoint: 127.0.0.1:${admin} }
  pipelines:
    main:
      receivers: [kafka]
      processors: [windowed_counter]
      exporters: [victoriametrics${second === undefined ? '' : ', victoriametrics/second'}]
`

async function total({ flush, exportSeries }: VictoriaMetrics): Promise<number> {
  await flush()
  const series = await exportSeries('{__name__=~"taps.*"}')
  return series.flatMap(({ values }) => values).reduce<number>((sum, value) => sum + (value ?? 0), 0)
}

test('aggregators are reloaded under load: options and exporters change, nothing is lost and nothing doubled', {
  skip: jars.skip || store.skip,
  timeout: 180_000
}, async t => {
  const kafka = await startKafka(jars.path)
  t.after(() => kafka.stop())
  const [vm, other] = await Promise.all([startVictoriaMetrics(store.path), startVictoriaMetrics(store.path)])
  for (const server of [vm, other]) t.after(() => server.stop())
  const [doorBox, ...boxes] = await Promise.all([1, 2, 3].map(() => Sandbox.open(t)))
  const door = await doorBox.start(gateway(kafka.broker))
  const admins = await Promise.all(boxes.map(() => freePort()))
  const setup = (i: number): Setup => ({
    broker: kafka.broker,
    admin: admins[i],
    member: i === 0 ? 'instance_id: agg-0' : '',
    first: vm.url
  })
  const running = await Promise.all(boxes.map((box, i) => box.start(aggregator(setup(i)))))
  let [sent, isOver] = [0, false]
  t.after(() => {
    isOver = true
  })
  const sending = (async () => {
    while (!isOver) {
      const time = Date.now()
      const point = (i: number) => ({ name: 'taps', attributes: { button: `b${i}` }, time, value: 1 })
      assert.equal(
        (await postOtlp(door.otlp, deltaRequest(Array.from({ length: SERIES }, (_, i) => point(i))))).status,
        200
      )
      sent += SERIES
      await setTimeout(ROUND_MS)
    }
  })()
  const reload = async (i: number, text: string) => {
    await writeFile(boxes[i].path('weir.yaml'), text)
    return boxes[i].weir('reload', '--admin', running[i].admin)
  }
  await eventually('some are counted', async () => (await total(vm)) > 0, { deadlineMs: 30_000 })
  for (const change of [{ lateness: '700ms' }, { timeout: '4s' }, { second: other.url }, {}])
    for (const i of [0, 1]) {
      const { code, stdout, stderr } = await reload(i, aggregator({ ...setup(i), ...change }))
      assert.equal(code, 0, stderr)
      assert.match(stdout, /receiver kafka: replaced/)
      await setTimeout(10 * ROUND_MS)
    }
  for (const [text, message] of [
    [aggregator({ ...setup(0), windows: '[2s]' }), /windowed_counter in main cannot use its state: .*weir kafka seek/],
    [
      aggregator(setup(0)).replaceAll('windowed_counter', 'windowed_counter/other'),
      /windowed_counter in main is removed; its partitions/
    ]
  ] as const) {
    const { code, stderr } = await reload(0, text)
    assert.equal(code, 1)
    assert.match(stderr, message)
  }
  const before = await total(vm)
  await eventually('the old configuration goes on', async () => (await total(vm)) > before, { deadlineMs: 20_000 })
  isOver = true
  await sending
  await eventually('all count once', async () => (await total(vm)) === sent, { deadlineMs: 40_000 })
  assert.ok((await total(other)) > 0)
  for (const weir of running) {
    await weir.settled()
    await weir.assertLedger()
  }
})
