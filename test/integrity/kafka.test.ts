import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom } from '../core/journal/simulated-disk.ts'
import { kafkaJars } from '../servers/kafka.ts'
import { victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { runKafkaCrashes } from './kafka-crashes.ts'

const [jars, store] = [await kafkaJars(), await victoriaMetricsProgram()]

test('kill -9 of aggregators and of the broker, while partitions move: nothing is lost, nothing is doubled', {
  skip: jars.skip || store.skip,
  timeout: 300_000
}, async t => {
  const seed = Date.now() % 2 ** 31
  t.diagnostic(`seed ${seed}`)
  const { verdicts, items, kills, brokerKills, rebalances } = await runKafkaCrashes({
    random: randomFrom(seed),
    jars: jars.path,
    victoriaMetrics: store.path,
    kills: 3,
    brokerKills: 1,
    longestLifeMs: 2000,
    rebalances: true,
    senders: 4,
    pauseMs: 60,
    items: 1000
  })
  t.diagnostic(`${items} items, ${kills} kills, ${brokerKills} of the broker, ${rebalances} rebalances`)
  for (const [name, { findings }] of verdicts) assert.deepEqual(findings, [], name)
})
