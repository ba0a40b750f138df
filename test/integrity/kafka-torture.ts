// Kills aggregators behind Kafka, and the broker, under load, and counts what is lost and what is doubled:
//
//     npm run kafka-torture -- --kills 20 --broker-kills 3 --items 1000000 [--seed N] [--no-rebalances]
import { parseArgs } from 'node:util'
import { randomFrom } from '../core/journal/simulated-disk.ts'
import { kafkaJars } from '../servers/kafka.ts'
import { victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { runKafkaCrashes } from './kafka-crashes.ts'

const FINDINGS_SHOWN = 20

const { values } = parseArgs({
  allowNegative: true,
  options: {
    kills: { type: 'string', default: '20' },
    'broker-kills': { type: 'string', default: '3' },
    items: { type: 'string', default: '1000000' },
    life: { type: 'string', default: '4000' },
    senders: { type: 'string', default: '8' },
    pause: { type: 'string', default: '10' },
    rebalances: { type: 'boolean', default: true },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) }
  }
})
const [jars, store] = [await kafkaJars(), await victoriaMetricsProgram()]
if (jars.skip || store.skip) throw new Error(jars.skip || store.skip || '')
console.log(`seed ${values.seed}`)
const result = await runKafkaCrashes({
  random: randomFrom(Number(values.seed)),
  jars: jars.path,
  victoriaMetrics: store.path,
  kills: Number(values.kills),
  brokerKills: Number(values['broker-kills']),
  longestLifeMs: Number(values.life),
  rebalances: values.rebalances,
  senders: Number(values.senders),
  pauseMs: Number(values.pause),
  items: Number(values.items),
  progress: line => console.log(line)
})
const { kills, brokerKills, rebalances, items, repeated, verdicts } = result
console.log(
  `${items} items, ${repeated} requests sent twice, ${kills} kills, ${brokerKills} of the broker, ${rebalances} rebalances`
)
for (const [name, { lost, doubled, findings }] of verdicts) {
  console.log(`${name}: lost ${lost}, doubled ${doubled}`)
  for (const finding of findings.slice(0, FINDINGS_SHOWN)) console.log(`  ${finding}`)
  if (findings.length > 0) process.exitCode = 1
}
