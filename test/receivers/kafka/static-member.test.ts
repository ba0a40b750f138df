import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { eventually } from '../../e2e/eventually.ts'
import { Sandbox } from '../../e2e/weir-process.ts'
import { kafkaJars, startKafka } from '../../servers/kafka.ts'

const jars = await kafkaJars()

test('a process with an instance_id that stops keeps its place in the group, and another one leaves', {
  skip: jars.skip,
  timeout: 60_000
}, async t => {
  const kafka = await startKafka(jars.path)
  t.after(() => kafka.stop())
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.broker] })
  t.after(() => admin.close())
  await admin.createTopics({ topics: ['topic'], partitions: 2, replicas: 1 })
  for (const [group, option, left] of [
    ['static', 'instance_id: one', 1],
    ['dynamic', '', 0]
  ] as const) {
    const sandbox = await Sandbox.open(t)
    const weir = await sandbox.start(`
receivers:
  kafka: { brokers: ['${kafka.broker}'], topic: topic, group: ${group}, session_timeout: 30s, ${option} }
processors: { windowed_counter: {} }
exporters: { debug: {} }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines: { main: { receivers: [kafka], processors: [windowed_counter], exporters: [debug] } }
`)
    const members = async () => (await admin.describeGroups({ groups: [group] })).get(group)?.members.size ?? 0
    await eventually('it has both partitions', async () => {
      const text = await (await fetch(`${weir.admin}/metrics`)).text()
      return text.includes('weir_receiver_kafka_partitions{component="kafka"} 2')
    })
    assert.equal(await members(), 1)
    await weir.stop()
    assert.equal(await members(), left, group)
  }
})
