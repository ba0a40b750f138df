#!/usr/bin/env bash
# @platformatic/kafka 2.12.1: partitions that are added to a topic are read by nobody in a consumer group that runs.
#
# The client learns of them: its metadata, which it renews every five seconds, has them. But the group does not join again, so
# nobody is given the new partitions, and their records wait until a member happens to come or go. Java's client and
# librdkafka join again by themselves once their metadata shows that a topic has grown.
#
# Who is hurt: groups whose topic gets more partitions. Nothing fails, and the lag of the partitions they have stays small.
#
# Needs: Node 22 or later, npm, Java 17, Maven.
set -euo pipefail

folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || { kill -9 "$broker" 2>/dev/null || true; wait "$broker" 2>/dev/null || true; }; rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix "$folder" @platformatic/kafka@2.12.1
cat >pom.xml <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>kafka</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.1.1</version></dependency>
  </dependencies>
</project>
XML
mvn -q -B dependency:copy-dependencies -DoutputDirectory=jars
free() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'; }
port=$(free) controller=$(free)
cat >server.properties <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$folder/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
PROPERTIES
java -cp "jars/*" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAA -c server.properties >/dev/null 2>&1
java -Xmx512m -cp "jars/*" kafka.Kafka server.properties >/dev/null 2>&1 &
broker=$!

cat >growing.mjs <<'JS'
import { setTimeout } from 'node:timers/promises'
import { Admin, Consumer, Producer } from '@platformatic/kafka'
const client = { clientId: 'finding', bootstrapBrokers: [process.argv[2]], retries: 60, retryDelay: 500, metadataMaxAge: 1000 }
const admin = new Admin(client)
await admin.createTopics({ topics: ['t'], partitions: 1, replicas: 1 })
const seen = []
async function member() {
  const consumer = new Consumer({ ...client, groupId: 'g' })
  const stream = await consumer.consume({ topics: ['t'], mode: 'committed', fallbackMode: 'earliest', autocommit: false })
  stream.on('data', ({ partition }) => seen.includes(partition) || seen.push(partition))
  return consumer
}
const read = partition => seen.includes(partition) ? 'read' : 'not read'
const first = await member()
await admin.createPartitions({ topics: [{ name: 't', count: 2 }] })
const producer = new Producer({ ...client, acks: -1 })
for (const partition of [0, 1])
  await producer.send({ messages: [{ topic: 't', partition, value: Buffer.from('x') }] })
await setTimeout(30_000)
const { topics } = await first.metadata({ topics: ['t'] })
console.log(`after 30 s: the client knows of ${topics.get('t').partitionsCount}, partition 0 ${read(0)}, partition 1 ${read(1)}`)
const second = await member()
await setTimeout(15_000)
console.log(`with a second member: partition 1 ${read(1)}`)
for (const one of [first, second]) await one.close(true)
await producer.close()
await admin.close()
JS
node growing.mjs "127.0.0.1:$port" | tee output.txt
# Output seen:
#   after 30 s: the client knows of 2, partition 0 read, partition 1 not read
#   with a second member: partition 1 read
[ "$(head -n 1 output.txt)" = 'after 30 s: the client knows of 2, partition 0 read, partition 1 not read' ] || { echo 'this has changed' >&2; exit 1; }
