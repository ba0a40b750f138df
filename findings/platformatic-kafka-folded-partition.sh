#!/usr/bin/env bash
# @platformatic/kafka 2.12.1: a record for a partition that the producer has not heard of goes to another one.
#
# A message may name its partition. The producer takes that number modulo the number of partitions in its metadata, which may
# be as old as `metadataMaxAge`, five seconds by default. So after a topic has grown, a record for a new partition is stored in
# an old one, and the promise is fulfilled. Java's client and librdkafka ask the brokers first, or fail.
#
# Who is hurt: programs that choose partitions by themselves and learn of new ones elsewhere, such as by an `Admin`. Readers
# that know a record's partition by its key find it in the wrong one.
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

cat >folded.mjs <<'JS'
import { Admin, Producer } from '@platformatic/kafka'
const client = { clientId: 'finding', bootstrapBrokers: [process.argv[2]], retries: 60, retryDelay: 500 }
const admin = new Admin(client)
await admin.createTopics({ topics: ['t'], partitions: 2, replicas: 1 })
const producer = new Producer({ ...client, acks: -1 })
const send = async partition => {
  const { offsets } = await producer.send({ messages: [{ topic: 't', partition, value: Buffer.from('x') }] })
  return `asked for partition ${partition}, stored in ${offsets.map(place => place.partition).join()}`
}
console.log(await send(0))
await admin.createPartitions({ topics: [{ name: 't', count: 6 }] })
const { topics } = await admin.metadata({ topics: ['t'], forceUpdate: true })
console.log(`an Admin knows of ${topics.get('t').partitionsCount}`)
console.log(await send(5))
await producer.metadata({ topics: ['t'], forceUpdate: true })
console.log(`with new metadata: ${await send(5)}`)
await producer.close()
await admin.close()
JS
node folded.mjs "127.0.0.1:$port" | tee output.txt
# Output seen:
#   asked for partition 0, stored in 0
#   an Admin knows of 6
#   asked for partition 5, stored in 1
#   with new metadata: asked for partition 5, stored in 5
[ "$(sed -n 3p output.txt)" = 'asked for partition 5, stored in 1' ] || { echo 'this has changed' >&2; exit 1; }
