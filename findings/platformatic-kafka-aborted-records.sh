#!/usr/bin/env bash
# @platformatic/kafka 2.12.1: a consumer with `isolationLevel` READ_COMMITTED delivers records of an aborted transaction.
#
# Brokers send aborted records along, with a list of aborted transactions, and the client has to leave them out. This client
# looks for the marker at the end of the transaction in the same answer. If an answer ends before the marker, as it does when
# the transaction is larger than `maxBytes`, its records are delivered like committed ones. Java's client and librdkafka leave
# them out. With a large `maxBytes` this client does too.
#
# Who is hurt: consumers of topics that are written in transactions, which count what was taken back.
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

cat >aborted.mjs <<'JS'
import { Admin, Consumer, FetchIsolationLevels, Producer } from '@platformatic/kafka'
const client = { clientId: 'finding', bootstrapBrokers: [process.argv[2]], retries: 60, retryDelay: 500 }
const admin = new Admin(client)
await admin.createTopics({ topics: ['t'], partitions: 1, replicas: 1 })
const options = { idempotent: true, acks: -1, compression: 'none' }
const producer = new Producer({ ...client, ...options, transactionalId: 'one' })
const value = text => Buffer.alloc(10_000, text)
const transaction = await producer.beginTransaction()
for (let i = 0; i < 20; i++) await transaction.send({ messages: [{ topic: 't', partition: 0, value: value('aborted ') }] })
await transaction.abort()
await producer.close()
const other = new Producer({ ...client, ...options })
await other.send({ messages: [{ topic: 't', partition: 0, value: value('committed ') }] })
await other.close()
for (const maxBytes of [1_000_000, 50_000]) {
  const groupId = `g${maxBytes}`
  const consumer = new Consumer({ ...client, groupId, isolationLevel: FetchIsolationLevels.READ_COMMITTED, maxBytes, maxBytesPerPartition: maxBytes })
  const stream = await consumer.consume({ topics: ['t'], mode: 'earliest', autocommit: false })
  const seen = { aborted: 0, committed: 0 }
  for await (const message of stream) {
    seen[message.value.toString().split(' ')[0]]++
    if (seen.committed > 0) break
  }
  console.log(`maxBytes ${maxBytes}: ${seen.aborted > 0 ? 'some' : 'no'} aborted, ${seen.committed} committed`)
  await consumer.close(true)
}
await admin.close()
JS
node aborted.mjs "127.0.0.1:$port" | tee output.txt
# Output seen:
#   maxBytes 1000000: no aborted, 1 committed
#   maxBytes 50000: some aborted, 1 committed
[ "$(tail -n 1 output.txt)" = 'maxBytes 50000: some aborted, 1 committed' ] || { echo 'this has changed' >&2; exit 1; }
