import { Subject } from '../../core/rxjs.ts'
import { BadInputError, type Batch, type Context, type Receiver } from '../../sdk/plugin/index.ts'
import { AssignedPartition, NO_TASKS, type PartitionHost } from './assigned-partition.ts'
import type { Config } from './config.ts'
import { RecordDecoder } from './decoder.ts'
import { type Input, recordOf } from './fed-input.ts'
import { FedTopic } from './fed-topic.ts'
import type { FetchTarget } from './fetcher.ts'
import { RecordTenants } from './record-tenants.ts'

const LOOK_MS = 250
const TOPIC = 'topic'

/** The receiver without brokers: it has all partitions of a topic that tests write. */
export class FedKafkaReceiver implements Receiver {
  readonly batches$ = new Subject<Batch>()
  readonly #config: Config
  readonly #context: Context
  readonly #topic: FedTopic
  readonly #host: PartitionHost
  readonly #partitions = new Map<number, AssignedPartition>()
  readonly #targets = new Map<number, FetchTarget>()
  readonly #ownership = new AbortController()
  #fault: unknown
  #cancel = () => {}

  /** @param source of what brokers keep */
  constructor(config: Config, context: Context, source: Map<string, unknown>) {
    this.#config = config
    this.#context = context
    this.#topic = (source.get(TOPIC) as FedTopic | undefined) ?? new FedTopic()
    source.set(TOPIC, this.#topic)
    const { instruments } = context
    const counter = (name: string) => instruments.counter(`${name}_total`, '')
    this.#host = {
      config,
      context,
      tasks: context.tasks ?? NO_TASKS,
      group: this.#topic,
      fetcher: {
        add: (partition, target) => {
          this.#targets.set(partition, target)
          this.#fetch(partition)
        },
        remove: partition => this.#targets.delete(partition),
        wake: () => {}
      },
      decoder: new RecordDecoder(config, context),
      tenants: new RecordTenants(context),
      states: this.#topic,
      deadLetters: { add() {}, written: async () => {} },
      counters: {
        records: counter('records'),
        repeated: counter('repeated_records'),
        deadLetters: counter('dead_letters'),
        lost: counter('lost_records')
      },
      firstOffset: async () => 0
    }
  }

  async start(): Promise<void> {
    for (const partition of this.#topic.partitions) await this.#open(partition)
    this.#lookAtClock()
  }

  /** Producers get no answer: it tells of a record that goes to the dead letter topic. */
  async feed(input: unknown): Promise<string | undefined> {
    const own = input as Input
    const { partition } = own
    const value = recordOf(own, this.#config, this.#context)
    const now = this.#context.clock.now()
    this.#topic.append(partition, value, now, own.number)
    if (this.#partitions.has(partition)) this.#fetch(partition)
    else await this.#open(partition)
    if (this.#fault !== undefined) throw this.#fault
    return this.#flawOf(value, now)
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#cancel()
    for (const partition of this.#partitions.values()) await partition.close(signal)
    this.#partitions.clear()
    this.batches$.complete()
  }

  #flawOf(value: Buffer, time: number): string | undefined {
    try {
      this.#host.decoder.decode({ value }, time)
      return undefined
    } catch (error) {
      if (!BadInputError.is(error)) throw error
      return `the record goes to the dead letter topic: ${error.message}`
    }
  }

  async #open(partition: number): Promise<void> {
    const lost = (error: unknown) => {
      this.#fault ??= error
    }
    this.#partitions.set(partition, await AssignedPartition.open(this.#host, partition, this.#ownership.signal, lost))
  }

  #fetch(partition: number): void {
    const target = this.#targets.get(partition)
    const batches = this.#topic.batchesOf(partition)
    target?.take(batches.slice(target.fetchFrom), [], batches.length)
  }

  #lookAtClock(): void {
    const { clock } = this.#context
    this.#cancel = clock.setTimer(LOOK_MS, () => {
      for (const partition of this.#partitions.values()) partition.lookAtClock(clock.now())
      this.#lookAtClock()
    })
  }
}
