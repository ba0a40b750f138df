import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admin } from '@platformatic/kafka'
import { StateTopic } from '../../../receivers/kafka/state-topic.ts'
import { kafkaJars, startKafka } from '../../servers/kafka.ts'

const jars = await kafkaJars()
const TOPIC = 'states'

test('states of new partitions can be read at once, and of one that was removed it is told what to do', {
  skip: jars.skip,
  timeout: 60_000
}, async t => {
  const kafka = await startKafka(jars.path)
  t.after(() => kafka.stop())
  const client = { clientId: 'test', bootstrapBrokers: [kafka.broker] }
  const admin = new Admin(client)
  t.after(() => admin.close())
  const states = new StateTopic({ client, admin, topic: TOPIC, replicas: -1 }, error => assert.fail(String(error)))
  t.after(() => states.close())
  await states.ensure(1)
  const first = await states.write(0, [Buffer.from('first')])
  // The client would not ask brokers for some seconds.
  await states.ensure(4)
  const third = await states.write(3, [Buffer.from('third')])
  assert.equal(String(await states.read(3, third)), 'third')
  assert.equal(String(await states.read(0, first)), 'first')
  const last = await states.write(3, [Buffer.from('last')])
  await states.removeBefore(3, last)
  assert.equal(String(await states.read(3, last)), 'last')
  await assert.rejects(states.read(3, third), { code: 'STATE_INVALID', message: /weir kafka seek/ })
})
