import { Admin, ListOffsetTimestamps } from '@platformatic/kafka'
import { clientOptions } from '../../core/kafka/connection.ts'
import { describeKafkaError } from '../../core/kafka/errors.ts'
import { partitionsOf } from '../../core/kafka/topics.ts'
import { Subject } from '../../core/rxjs.ts'
import { type Batch, type Context, type Receiver, type StateFigures, WeirError } from '../../sdk/plugin/index.ts'
import { AssignedPartition, NO_TASKS, type PartitionHost } from './assigned-partition.ts'
import { AssignedPartitions } from './assigned-partitions.ts'
import type { Config } from './config.ts'
import { DeadLetterTopic } from './dead-letter-topic.ts'
import { RecordDecoder } from './decoder.ts'
import { Fetcher } from './fetcher.ts'
import { KafkaGroup } from './group.ts'
import { Problems } from './problems.ts'
import { RecordTenants } from './record-tenants.ts'
import { StateTopic } from './state-topic.ts'

const RETRY_MS = 1000
const LOOK_MS = 250

/** With all that has to be closed. */
interface BrokerHost extends PartitionHost {
  readonly fetcher: Fetcher
  readonly states: StateTopic
  readonly deadLetters: DeadLetterTopic
}

/** Reads a topic as a member of a group. Each partition has processors of its own, whose state moves along with it. */
export class KafkaReceiver implements Receiver {
  readonly batches$ = new Subject<Batch>()
  readonly #context: Context
  readonly #config: Config
  readonly #admin: Admin
  readonly #group: KafkaGroup
  readonly #host: BrokerHost
  readonly #problems: Problems
  readonly #partitions: AssignedPartitions<AssignedPartition>
  /** Partitions that a group without any progress begins at `start_at`. */
  #partitionsAtStart = 0
  #cancel = () => {}
  #isOver = false

  constructor(config: Config, context: Context) {
    const { topic, group, instance_id, session_timeout, replication_factor: replicas } = config
    const client = clientOptions(config)
    this.#context = context
    this.#config = config
    this.#problems = new Problems(context)
    this.#admin = new Admin(client)
    this.#group = new KafkaGroup(
      { client, topic, group, instanceId: instance_id, sessionTimeoutMs: session_timeout },
      {
        assigned: (partitions, isContinued) => {
          this.#problems.set('group', undefined)
          return this.#partitions.assigned(partitions, isContinued)
        },
        failed: message => this.#problems.set('group', message)
      }
    )
    const admin = this.#admin
    this.#host = {
      config,
      context,
      tasks: context.tasks ?? NO_TASKS,
      group: this.#group,
      fetcher: new Fetcher(client, this.#group.consumer, topic, problem => this.#problems.set('fetch', problem)),
      decoder: new RecordDecoder(config, context),
      tenants: new RecordTenants(context),
      states: new StateTopic(
        { client, admin, topic: config.state_topic ?? `${topic}.${group}.state`, replicas },
        error => this.#problems.warn('old states cannot be removed from the state topic, which grows', error)
      ),
      deadLetters: new DeadLetterTopic(
        { client, admin, topic: config.dead_letter_topic ?? `${topic}.dead-letters`, replicas, source: topic },
        context.log
      ),
      counters: countersOf(context),
      firstOffset: partition => this.#firstOffset(partition)
    }
    const problem = (partition: number, error: unknown) =>
      this.#problems.set(`partition ${partition}`, error === undefined ? undefined : describeKafkaError(error))
    this.#partitions = new AssignedPartitions({
      open: (partition, ownership) =>
        AssignedPartition.open(this.#host, partition, ownership, error => problem(partition, error)),
      failed: problem
    })
    this.#expose()
  }

  async start(): Promise<void> {
    void this.#begin()
    this.#lookAtClock()
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancel()
    if (!(await this.#partitions.close(signal)))
      this.#context.log.warn('some partitions have no checkpoint of their end; what came since the last is read again')
    await Promise.allSettled([this.#host.fetcher.close()])
    await Promise.all([this.#group.leave(), this.#host.states.close(), this.#host.deadLetters.close()])
    await Promise.allSettled([this.#admin.close()])
    this.batches$.complete()
  }

  figures(): StateFigures {
    const { all } = this.#partitions
    return { entries: { partitions: all.length, lag_records: all.reduce((sum, { lag }) => sum + lag, 0) } }
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.drain(signal)
  }

  /** Brokers need not be there at the start. */
  async #begin(): Promise<void> {
    while (!this.#isOver) {
      try {
        const partitions = await partitionsOf(this.#admin, this.#config.topic)
        if (partitions === undefined)
          throw new WeirError(
            'COMPONENT_FAILED',
            `there is no topic ${this.#config.topic}: create it, or start its writer`
          )
        const isNew = await this.#group.isNew(Array.from({ length: partitions }, (_, partition) => partition))
        this.#partitionsAtStart = isNew ? partitions : 0
        await this.#host.states.ensure(partitions)
        await this.#host.deadLetters.ensure(1)
        this.#problems.set('start', undefined)
        return await this.#group.join()
      } catch (error) {
        this.#problems.set('start', describeKafkaError(error))
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  #lookAtClock(): void {
    const { clock } = this.#context
    this.#cancel = clock.setTimer(LOOK_MS, () => {
      for (const partition of this.#partitions.all) partition.lookAtClock(clock.now())
      this.#host.fetcher.wake()
      // The fetcher tells of brokers that do not answer.
      this.#group.lookForPartitions().catch(() => {})
      this.#lookAtClock()
    })
  }

  async #firstOffset(partition: number): Promise<number> {
    const { topic, start_at } = this.#config
    // All records of a partition that was added meanwhile are of the time since the group began.
    const isLatest = start_at === 'latest' && partition < this.#partitionsAtStart
    const timestamp = isLatest ? ListOffsetTimestamps.LATEST : ListOffsetTimestamps.EARLIEST
    const [found] = await this.#admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }]
    })
    return Number(found.partitions[0].offset)
  }

  #expose(): void {
    const { instruments } = this.#context
    const each = (value: (partition: AssignedPartition) => number) =>
      this.#partitions.all.map(partition => ({
        labels: { partition: String(partition.partition) },
        value: value(partition)
      }))
    instruments.gauges('lag_records', 'Records of a partition that are not yet processed.', () =>
      each(({ lag }) => lag)
    )
    instruments.gauge('partitions', 'Partitions that this process has.', () => this.#partitions.all.length)
  }
}

function countersOf({ instruments }: Context): PartitionHost['counters'] {
  return {
    records: instruments.counter('records_total', 'Records read.'),
    repeated: instruments.counter('repeated_records_total', 'Records that a producer had sent before.'),
    deadLetters: instruments.counter('dead_letters_total', 'Records that cannot be read.'),
    lost: instruments.counter('lost_records_total', 'Records that the topic had removed before they were read.')
  }
}
