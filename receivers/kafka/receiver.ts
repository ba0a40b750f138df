import { Admin, ListOffsetTimestamps } from '@platformatic/kafka'
import { Subject } from 'rxjs'
import { clientOptions } from '../../core/kafka/connection.ts'
import { describeKafkaError } from '../../core/kafka/errors.ts'
import { partitionsOf } from '../../core/kafka/topics.ts'
import {
  type Batch,
  type Context,
  type Receiver,
  type StateFigures,
  type Tasks,
  WeirError
} from '../../sdk/plugin/index.ts'
import { AssignedPartition, type PartitionHost } from './assigned-partition.ts'
import type { Config } from './config.ts'
import { DeadLetterTopic } from './dead-letter-topic.ts'
import { RecordDecoder } from './decoder.ts'
import { Fetcher } from './fetcher.ts'
import { KafkaGroup } from './group.ts'
import { Problems } from './problems.ts'
import { StateTopic } from './state-topic.ts'

const RETRY_MS = 1000
const LOOK_MS = 250
/** For the last checkpoint of a partition that goes to another process, of which the group waits for some seconds. */
const HANDOVER_MS = 4000

/** Of a host that runs none, such as a test. */
const NO_TASKS: Tasks = {
  open: () => Promise.reject(new WeirError('COMPONENT_FAILED', 'this host runs no tasks'))
}

/** Reads a topic as a member of a group. Each partition has processors of its own, whose state moves along with it. */
export class KafkaReceiver implements Receiver {
  readonly batches$ = new Subject<Batch>()
  readonly #context: Context
  readonly #config: Config
  readonly #admin: Admin
  readonly #group: KafkaGroup
  readonly #host: PartitionHost
  readonly #problems: Problems
  readonly #partitions = new Map<number, AssignedPartition>()
  /** By partition: what is done with it, one thing after the other. */
  readonly #changes = new Map<number, Promise<void>>()
  #wanted: ReadonlySet<number> = new Set()
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
        assigned: (partitions, isContinued) => this.#assigned(partitions, isContinued),
        failed: message => this.#problems.set('group', message)
      }
    )
    const admin = this.#admin
    const { instruments } = context
    this.#host = {
      config,
      context,
      tasks: context.tasks ?? NO_TASKS,
      group: this.#group,
      fetcher: new Fetcher(this.#group.consumer, topic, problem => this.#problems.set('fetch', problem)),
      decoder: new RecordDecoder(config, context),
      states: new StateTopic(
        { client, admin, topic: config.state_topic ?? `${topic}.${group}.state`, replicas },
        error => this.#problems.warn('old states cannot be removed from the state topic, which grows', error)
      ),
      deadLetters: new DeadLetterTopic(
        { client, admin, topic: config.dead_letter_topic ?? `${topic}.dead-letters`, replicas, source: topic },
        context.log
      ),
      counters: {
        records: instruments.counter('records_total', 'Records read.'),
        repeated: instruments.counter('repeated_records_total', 'Records that a producer had sent before.'),
        deadLetters: instruments.counter('dead_letters_total', 'Records that cannot be read.')
      },
      firstOffset: partition => this.#firstOffset(partition)
    }
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
    await Promise.all([...this.#changes.values()])
    const kept = await Promise.all([...this.#partitions.values()].map(partition => partition.close(signal)))
    this.#partitions.clear()
    if (kept.includes(false))
      this.#context.log.warn('some partitions have no checkpoint of their end; what came since the last is read again')
    this.#host.fetcher.close()
    await Promise.all([this.#group.leave(), this.#host.states.close(), this.#host.deadLetters.close()])
    await Promise.allSettled([this.#admin.close()])
    this.batches$.complete()
  }

  figures(): StateFigures {
    const all = [...this.#partitions.values()]
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

  async #assigned(partitions: ReadonlySet<number>, isContinued: boolean): Promise<void> {
    if (this.#isOver) return
    this.#problems.set('group', undefined)
    this.#wanted = partitions
    const lost = [...this.#partitions.keys()].filter(partition => !isContinued || !partitions.has(partition))
    const deadline = isContinued ? AbortSignal.timeout(HANDOVER_MS) : AbortSignal.abort()
    const closing = lost.map(partition => this.#then(partition, () => this.#close(partition, deadline)))
    for (const partition of partitions) void this.#then(partition, () => this.#open(partition))
    await Promise.all(closing)
  }

  async #open(partition: number): Promise<void> {
    while (!this.#isOver && this.#wanted.has(partition) && !this.#partitions.has(partition)) {
      const name = `partition ${partition}`
      try {
        const lost = (error: unknown) => this.#problems.set(name, describeKafkaError(error))
        this.#partitions.set(partition, await AssignedPartition.open(this.#host, partition, lost))
        this.#problems.set(name, undefined)
      } catch (error) {
        this.#problems.set(name, describeKafkaError(error))
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
  }

  async #close(partition: number, deadline: AbortSignal): Promise<void> {
    const assigned = this.#partitions.get(partition)
    this.#partitions.delete(partition)
    this.#problems.set(`partition ${partition}`, undefined)
    await assigned?.close(deadline)
  }

  #then(partition: number, change: () => Promise<void>): Promise<void> {
    const done = (this.#changes.get(partition) ?? Promise.resolve()).then(change)
    this.#changes.set(
      partition,
      done.catch(error => this.#problems.set(`partition ${partition}`, describeKafkaError(error)))
    )
    return this.#changes.get(partition)!
  }

  #lookAtClock(): void {
    const { clock } = this.#context
    this.#cancel = clock.setTimer(LOOK_MS, () => {
      for (const partition of this.#partitions.values()) partition.lookAtClock(clock.now())
      this.#host.fetcher.wake()
      this.#lookAtClock()
    })
  }

  async #firstOffset(partition: number): Promise<number> {
    const { topic, start_at } = this.#config
    const timestamp = start_at === 'earliest' ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST
    const [found] = await this.#admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp }] }]
    })
    return Number(found.partitions[0].offset)
  }

  #expose(): void {
    const { instruments } = this.#context
    const each = (value: (partition: AssignedPartition) => number) =>
      [...this.#partitions.values()].map(partition => ({
        labels: { partition: String(partition.partition) },
        value: value(partition)
      }))
    instruments.gauges('lag_records', 'Records of a partition that are not yet processed.', () =>
      each(({ lag }) => lag)
    )
    instruments.gauge('partitions', 'Partitions that this process has.', () => this.#partitions.size)
  }
}
