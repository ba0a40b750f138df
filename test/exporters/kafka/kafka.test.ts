import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { murmur2, partitionOf } from '../../../core/kafka/murmur2.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { OtlpMetricsDecoder } from '../../../core/wire/otlp/metrics-decoder.ts'
import { eventually } from '../../e2e/eventually.ts'
import { deltaRequest, postOtlp } from '../../e2e/otlp-requests.ts'
import { Sandbox } from '../../e2e/weir-process.ts'
import { kafkaJars, kcatProgram, startKafka } from '../../servers/kafka.ts'

const PARTITIONS = 5
const [jars, kcat] = [await kafkaJars(), await kcatProgram()]
const skip = jars.skip || kcat.skip

interface Record {
  readonly partition: number
  readonly headers: readonly string[]
  readonly payload: string
}

test('a real broker gets events as JSON and points as OTLP, each series in one partition', {
  skip,
  timeout: 120_000
}, async t => {
  const kafka = await startKafka(jars.path)
  t.after(() => kafka.stop())
  const sandbox = await Sandbox.open(t)
  const common = `brokers: ['${kafka.broker}'], partitions: ${PARTITIONS}`
  const weir = await sandbox.start(`
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  http: { endpoint: 127.0.0.1:0 }
exporters:
  kafka: { ${common}, topic: points, max_record_size: 2KiB }
  kafka/events: { ${common}, topic: events, encoding: json, partition_by: [user], compression: gzip }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    points: { receivers: [otlp], exporters: [kafka] }
    events: { receivers: [http], exporters: [kafka/events] }
`)
  const read = async (topic: string): Promise<Record[]> => {
    const args = ['-C', '-b', kafka.broker, '-t', topic, '-e', '-q', '-J']
    const { stdout } = await promisify(execFile)(kcat.path, args, { maxBuffer: 2 ** 26 })
    return stdout.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line)]))
  }

  await t.test('events', async () => {
    const events = Array.from({ length: 60 }, (_, i) => ({
      name: 'login',
      id: `e${i}`,
      timestamp: 1_790_000_000_000 + i,
      attributes: { user: `u${i % 9}`, tries: i, plan: { level: 2 } }
    }))
    const body = JSON.stringify(events)
    const answer = await fetch(weir.events, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    assert.equal(answer.status, 200)
    const records = await eventually('all are there', async () => {
      const found = await read('events')
      return found.length === events.length && found
    })
    const seen = records.map(({ payload }) => JSON.parse(payload))
    assert.deepEqual(
      seen.toSorted((a, b) => a.timestamp - b.timestamp),
      events
    )
    for (const [i, { partition, headers }] of records.entries()) {
      assert.equal(partition, partitionOf(murmur2(Buffer.from(seen[i].attributes.user)), PARTITIONS))
      assert.equal(headers[0], 'weir-record')
    }
  })

  await t.test('points', async () => {
    const points = Array.from({ length: 500 }, (_, i) => ({
      name: 'requests',
      attributes: { client: `c${i % 50}` },
      time: 1_790_000_000_000,
      value: i
    }))
    assert.equal((await postOtlp(weir.otlp, deltaRequest(points))).status, 200)
    const decoder = new OtlpMetricsDecoder(new SeriesTable())
    const placeOf = new Map<string, Set<number>>()
    let sum = 0
    // By its bytes: kcat's JSON replaces what is no text.
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const args = ['-C', '-b', kafka.broker, '-t', 'points', '-p', String(partition), '-e', '-q', '-f', '%S\n%s']
      const { stdout } = await promisify(execFile)(kcat.path, args, { encoding: 'buffer' })
      for (let at = 0; at < stdout.length; ) {
        const end = stdout.indexOf(10, at)
        const length = Number(stdout.toString('latin1', at, end))
        assert.ok(length <= 2048, `${length} bytes`)
        const { block } = decoder.decode(stdout.subarray(end + 1, end + 1 + length), 0)
        for (let i = 0; i < block.length; i++) {
          const client = String(block.series.at(i).attributes[0][1])
          placeOf.set(client, (placeOf.get(client) ?? new Set()).add(partition))
          sum += block.value[i]
        }
        at = end + 1 + length
      }
    }
    assert.equal(
      sum,
      points.reduce((total, { value }) => total + value, 0)
    )
    assert.equal(placeOf.size, 50)
    for (const [client, places] of placeOf) {
      const key = Buffer.from(`requests\0client=${client}`)
      assert.deepEqual([...places], [partitionOf(murmur2(key), PARTITIONS)], client)
    }
  })

  await weir.assertLedger()
})
