import { setTimeout } from 'node:timers/promises'
import type { Admin, Producer } from '@platformatic/kafka'
import { WeirError } from '../errors.ts'
import { kafkaError } from './errors.ts'

const LOOK_MS = 100
const MOST_LOOKS = 50

export interface WantedTopic {
  readonly name: string
  readonly partitions: number
  /** -1: as many as brokers are told to keep. */
  readonly replicas: number
  readonly settings: Readonly<Record<string, string>>
}

/** Creates the topic if it is not there yet. Returns the number of its partitions. */
export async function ensureTopic(admin: Admin, wanted: WantedTopic): Promise<number> {
  const known = await partitionsOf(admin, wanted.name)
  if (known !== undefined) return known
  try {
    await admin.createTopics({
      topics: [wanted.name],
      partitions: wanted.partitions,
      replicas: wanted.replicas,
      configs: Object.entries(wanted.settings).map(([name, value]) => ({ name, value }))
    })
  } catch (error) {
    // Another process was faster.
    if (kafkaError(error) !== 'TOPIC_ALREADY_EXISTS') throw error
  }
  // Brokers hear of it one after the other.
  for (let look = 0; look < MOST_LOOKS; look++) {
    const created = await partitionsOf(admin, wanted.name)
    if (created !== undefined) return created
    await setTimeout(LOOK_MS)
  }
  throw new WeirError('COMPONENT_FAILED', `topic ${wanted.name} was created and is not there`)
}

/** Brokers may not have heard of them all when it resolves. */
export async function addPartitions(admin: Admin, topic: string, count: number): Promise<void> {
  try {
    await admin.createPartitions({ topics: [{ name: topic, count }] })
  } catch (error) {
    // Another process was faster.
    if (kafkaError(error) !== 'INVALID_PARTITIONS') throw error
  }
}

/**
 * Number of partitions that the producer knows from now on. It asks brokers by itself every few seconds only, and writes records
 * for partitions that it does not know to others, without a word. Rejects if there is no such topic.
 */
export async function partitionsFor(producer: Pick<Producer, 'metadata'>, topic: string): Promise<number> {
  const { topics } = await producer.metadata({ topics: [topic], forceUpdate: true })
  const known = topics.get(topic)
  if (known === undefined) throw new WeirError('COMPONENT_FAILED', `brokers know no topic ${topic}`)
  return known.partitionsCount
}

/** Undefined if there is no such topic. */
export async function partitionsOf(admin: Admin, topic: string): Promise<number | undefined> {
  const names = await admin.listTopics()
  if (!names.includes(topic)) return undefined
  const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
  return topics.get(topic)?.partitionsCount
}
