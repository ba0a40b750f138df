import { Admin, type BaseOptions, ConnectionPool, Consumer, offsetCommitV9 } from '@platformatic/kafka'
import { describeKafkaError, kafkaError } from '../../core/kafka/errors.ts'
import { WeirError } from '../../sdk/plugin/index.ts'
import { formatProgress, type Progress, parseProgress } from './progress.ts'

const REJOIN_MS = 1000
const HEARTBEATS_PER_SESSION = 4
const REBALANCE_TIMEOUT_MS = 60_000
/** Partitions go away by and by, as others of the group need them. */
const PROTOCOL = { name: 'cooperative-sticky', version: 3 }
/** The process is no longer a member as it was when it got its partitions. */
const FENCED = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'])

export interface GroupOptions {
  readonly client: BaseOptions
  readonly topic: string
  readonly group: string
  readonly instanceId: string | undefined
  readonly sessionTimeoutMs: number
}

export interface GroupEvents {
  /**
   * The process has these partitions now. `isContinued` is false if another process may have had any of them since.
   * Resolves once those that are gone are given up: until then nobody else gets them, if there is time.
   */
  assigned(partitions: ReadonlySet<number>, isContinued: boolean): Promise<void>
  failed(message: string): void
}

export interface Committed {
  readonly offset: number
  readonly progress: Progress | undefined
}

interface Membership {
  readonly memberId: string
  readonly generationId: number
}

/** Membership in a consumer group, and the progress that the group has committed. */
export class KafkaGroup {
  readonly consumer: Consumer
  readonly #options: GroupOptions
  readonly #events: GroupEvents
  readonly #admin: Admin
  readonly #connections: ConnectionPool
  /** As it was when the partitions came. The consumer's own changes before anybody is told. */
  #membership: Membership | undefined
  #givingUp: Promise<void> = Promise.resolve()
  /** The leader of a group gives out its partitions, at each join. */
  #isLeader = false
  /** Partitions of the topic, when somebody looked last. */
  #partitions = 0
  /** There may be partitions that the group does not know of. */
  #hasGrown = false
  #isOver = false

  constructor(options: GroupOptions, events: GroupEvents) {
    const { client, group, instanceId, sessionTimeoutMs } = options
    this.#options = options
    this.#events = events
    this.#admin = new Admin(client)
    this.#connections = new ConnectionPool(client.clientId, client)
    this.consumer = new Consumer({
      ...client,
      groupId: group,
      ...(instanceId === undefined ? {} : { groupInstanceId: instanceId }),
      autocommit: false,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs),
      heartbeatInterval: Math.floor(sessionTimeoutMs / HEARTBEATS_PER_SESSION),
      protocols: [PROTOCOL],
      // Called before each join: the only place at which the client waits.
      protocolsMetadata: async () => {
        await this.#givingUp
        return Buffer.alloc(0)
      }
    })
    this.consumer.on('consumer:group:join', ({ isLeader = false }) => {
      this.#isLeader = isLeader
      this.#changed()
    })
    this.consumer.on('consumer:group:rebalance', () => this.#changed())
    this.consumer.on('error', error => this.#rejoin(error))
  }

  /** Joins, or says why not and tries on. */
  async join(): Promise<void> {
    this.consumer.topics.trackAll(this.#options.topic)
    try {
      await this.consumer.joinGroup({})
    } catch (error) {
      this.#rejoin(error)
    }
  }

  /** Joins again if there are new partitions. The client asks brokers every few seconds. */
  async lookForPartitions(): Promise<void> {
    const { topic } = this.#options
    if (this.#isOver || this.#membership === undefined) return
    const { topics } = await this.consumer.metadata({ topics: [topic] })
    const count = topics.get(topic)?.partitionsCount ?? 0
    if (this.#partitions > 0 && count > this.#partitions) this.#hasGrown = true
    this.#partitions = count
    if (!this.#hasGrown || !this.#isLeader || this.#isOver) return
    this.#hasGrown = false
    await this.join()
  }

  /** Undefined if the group has committed nothing for the partition. */
  async committed(partition: number): Promise<Committed | undefined> {
    const [own] = await this.#commits([partition])
    return own && { offset: Number(own.committedOffset), progress: parseProgress(own.metadata) }
  }

  /** True if the group has committed nothing for any of these partitions. */
  async isNew(partitions: number[]): Promise<boolean> {
    return (await this.#commits(partitions)).length === 0
  }

  /** Throws `FencedError` if the process is no longer the one that has the partition. */
  async commit(partition: number, offset: number, progress: Progress): Promise<void> {
    const { group, topic, instanceId } = this.#options
    const { memberId, generationId } = this.#membership ?? fail()
    const part = {
      partitionIndex: partition,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: formatProgress(progress)
    }
    try {
      const connection = await this.#coordinator()
      const topics = [{ name: topic, partitions: [part] }]
      await offsetCommitV9.api.async(connection, group, generationId, memberId, instanceId ?? null, topics)
    } catch (error) {
      if (FENCED.has(kafkaError(error) ?? '')) throw new FencedError()
      throw error
    }
  }

  /** A member with a name stays one until its session is over: it gets its partitions again if it is back by then. */
  async leave(): Promise<void> {
    this.#isOver = true
    if (this.#options.instanceId !== undefined) {
      // Without an id the client ends its membership, and tells the brokers nothing.
      this.consumer.memberId = null
      await Promise.allSettled([this.consumer.leaveGroup()])
    }
    await Promise.allSettled([this.consumer.close(true), this.#admin.close(), this.#connections.close()])
  }

  async #commits(partitionIndexes: number[]) {
    const { group, topic } = this.#options
    const [found] = await this.#admin.listConsumerGroupOffsets({
      groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }]
    })
    return (found?.topics[0]?.partitions ?? []).filter(({ committedOffset }) => committedOffset >= 0n)
  }

  async #coordinator() {
    const [id, { brokers }] = await Promise.all([
      this.consumer.findGroupCoordinator(),
      this.consumer.metadata({ topics: [this.#options.topic] })
    ])
    const broker = brokers.get(id)
    if (broker === undefined) throw new WeirError('COMPONENT_FAILED', 'the broker that keeps the group is not there')
    return this.#connections.get(broker)
  }

  #changed(): void {
    const { memberId, generationId, assignments } = this.consumer
    if (memberId === null) return
    const before = this.#membership
    const isContinued =
      before?.memberId === memberId && generationId >= before.generationId && generationId <= before.generationId + 1
    this.#membership = { memberId, generationId }
    const own = (assignments ?? []).filter(({ topic }) => topic === this.#options.topic)
    const partitions = new Set(own.flatMap(({ partitions: numbers }) => numbers))
    this.#givingUp = this.#events.assigned(partitions, isContinued)
  }

  #rejoin(error: unknown): void {
    if (this.#isOver) return
    this.#events.failed(`cannot join the group: ${describeKafkaError(error)}`)
    setTimeout(() => this.#isOver || void this.join(), REJOIN_MS)
  }
}

/** Another process has the partition, or will have it. */
export class FencedError extends Error {
  constructor() {
    super('another process has the partition')
  }
}

function fail(): never {
  throw new FencedError()
}
