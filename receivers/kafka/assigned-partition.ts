import { describeKafkaError } from '../../core/kafka/errors.ts'
import type { AbortedTransaction } from '../../core/kafka/fetch.ts'
import type { RecordBatch } from '../../core/kafka/record-batch.ts'
import { requestIn } from '../../core/kafka/sender-headers.ts'
import type { Task, Tasks } from '../../sdk/plugin/index.ts'
import { type Context, WeirError } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { DeadLetterTopic } from './dead-letter-topic.ts'
import type { RecordDecoder } from './decoder.ts'
import type { Fetcher, FetchTarget } from './fetcher.ts'
import { FencedError, type KafkaGroup } from './group.ts'
import { RecordEntries } from './partition-entries.ts'
import { formatProgress, MOST_TEXT, type Progress, type Tick } from './progress.ts'
import { committedOnly } from './record-batches.ts'
import type { RecordTenants } from './record-tenants.ts'
import type { StateTopic } from './state-topic.ts'

const RETRY_MS = 500

/** A host that runs none, such as a test, has these. */
export const NO_TASKS: Tasks = {
  open: () => Promise.reject(new WeirError('COMPONENT_FAILED', 'this host runs no tasks'))
}

/** All that the partitions of a receiver share. */
export interface PartitionHost {
  readonly config: Config
  readonly context: Context
  readonly tasks: Tasks
  readonly group: Pick<KafkaGroup, 'committed' | 'commit'>
  readonly fetcher: Pick<Fetcher, 'add' | 'remove' | 'wake'>
  readonly decoder: RecordDecoder
  readonly tenants: RecordTenants
  readonly states: Pick<StateTopic, 'ensure' | 'read' | 'write' | 'removeBefore'>
  readonly deadLetters: Pick<DeadLetterTopic, 'add' | 'written'>
  readonly counters: Record<'records' | 'repeated' | 'deadLetters' | 'lost', { add(value: number): void }>
  /** Offset at which a group begins that has read nothing. */
  firstOffset(partition: number): Promise<number>
}

/** A partition that this process has: its records, its task, and the progress that the group has committed. */
export class AssignedPartition implements FetchTarget {
  readonly #host: PartitionHost
  readonly #partition: number
  readonly #entries: RecordEntries
  #task: Task | undefined
  #opening: Promise<void> | undefined
  /** As committed: a restart begins there. */
  #offset: number
  #progress: Progress
  /** Commits go one after the other. */
  #committing: Promise<void> = Promise.resolve()
  /** Offset of the record that will be written next. Unknown before the first answer: much may wait there. */
  #end: number | undefined
  #isClosed = false
  /** Aborted: it is closed, and there is no more time for a checkpoint. */
  readonly #leaving = new AbortController()
  /** Aborted: another process may have had the partition since, so nothing is committed any more. */
  readonly #ownership: AbortSignal
  /** Told once: the partition cannot go on. */
  readonly #onLost: (error: unknown) => void
  fetchFrom: number

  private constructor(
    host: PartitionHost,
    partition: number,
    offset: number,
    progress: Progress,
    ownership: AbortSignal,
    onLost: (error: unknown) => void
  ) {
    this.#host = host
    this.#partition = partition
    this.#offset = offset
    this.#progress = progress
    this.#ownership = ownership
    this.#onLost = onLost
    this.fetchFrom = offset
    const { counters, context, deadLetters, decoder, tenants } = host
    this.#entries = new RecordEntries(offset, progress.ticks, {
      decode(record, time) {
        tenants.see(record.headers)
        return decoder.decode(record, time)
      },
      requestOf: ({ headers }) => (context.requestsWanted.has('client') ? requestIn(headers) : undefined),
      rejected(reason, items) {
        context.account.received += items
        context.account.drop(reason, items)
      },
      repeated: () => counters.repeated.add(1),
      deadLetter(record, at, error) {
        counters.deadLetters.add(1)
        deadLetters.add(partition, at, record, error)
      }
    })
  }

  /**
   * Goes on where the group has come. Rejects if that cannot be found out now.
   * @param ownership aborted once another process may have had the partition
   */
  static async open(
    host: PartitionHost,
    partition: number,
    ownership: AbortSignal,
    onLost: (error: unknown) => void
  ): Promise<AssignedPartition> {
    // The topic may have more partitions than at the start.
    await host.states.ensure(partition + 1)
    const committed = await host.group.committed(partition)
    const offset = committed?.offset ?? (await host.firstOffset(partition))
    const progress = committed?.progress ?? { state: undefined, ticks: [] }
    // Otherwise a crash before the first checkpoint would begin at another `latest`.
    if (committed === undefined) await host.group.commit(partition, offset, progress)
    const assigned = new AssignedPartition(host, partition, offset, progress, ownership, onLost)
    if (progress.state !== undefined) await assigned.#openTask(await host.states.read(partition, progress.state), 0)
    host.fetcher.add(partition, assigned)
    return assigned
  }

  get partition(): number {
    return this.#partition
  }

  get hasRoom(): boolean {
    return !this.#isClosed && this.#entries.bytes < this.#host.config.max_buffer
  }

  /** Records that are there and not yet processed. */
  get lag(): number {
    const next = this.#task?.next ?? this.#offset
    return Math.max(0, (this.#end ?? next) - next)
  }

  take(batches: readonly RecordBatch[], aborted: readonly AbortedTransaction[], end: number): void {
    this.#end = end
    if (batches.length === 0) return
    const records = committedOnly(batches, aborted)
    this.fetchFrom = Math.max(this.fetchFrom, records.at(-1)!.end)
    this.#host.counters.records.add(records.reduce((sum, { length }) => sum + length, 0))
    this.#entries.add(records)
    if (this.#task !== undefined) this.#task.wake()
    else this.#opening ??= this.#openFirst(records[0].maxTimestamp)
  }

  outOfRange(first: number): void {
    const { log } = this.#host.context
    const where = { partition: this.#partition, wanted: this.fetchFrom, first }
    if (first <= this.fetchFrom)
      return this.#lost(
        new WeirError(
          'STATE_INVALID',
          `offset ${this.fetchFrom} is behind the end of the partition: was the topic made anew? Move the group with weir kafka seek`
        )
      )
    log.error(where, 'records were removed by the retention of the topic before they were read, and are lost')
    this.#host.counters.lost.add(first - this.fetchFrom)
    this.fetchFrom = first
  }

  /** If no records come and processors wait for time to go by, it does, once that is committed. @param now Unix ms */
  lookAtClock(now: number): void {
    const task = this.#task
    const isCaughtUp = this.#end !== undefined && this.fetchFrom >= this.#end
    const isIdle = isCaughtUp && this.#entries.unread === 0 && !this.#entries.isHeld
    if (task === undefined || this.#isClosed || !isIdle || task.nextTimer > now || task.time >= now) return
    this.#entries.isHeld = true
    void this.#letTimePass(task, now)
  }

  /**
   * Gives the partition up. Resolves to whether all that was processed is kept.
   * @param deadline fired: another process may have it already, so nothing is kept
   */
  async close(deadline: AbortSignal): Promise<boolean> {
    this.#host.fetcher.remove(this.#partition)
    if (deadline.aborted) this.#leaving.abort()
    deadline.addEventListener('abort', () => this.#leaving.abort(), { once: true })
    await this.#opening
    const task = this.#task
    // Before it is closed: the last checkpoint still has to be committed.
    const isKept = (await task?.close(deadline)) ?? true
    this.#task = undefined
    this.#isClosed = true
    // Whoever opens the partition next reads what is committed then.
    await this.#committing
    return isKept
  }

  async #openFirst(time: number): Promise<void> {
    try {
      await this.#openTask(undefined, time)
    } catch (error) {
      this.#lost(error)
    }
  }

  async #openTask(state: Uint8Array | undefined, time: number): Promise<void> {
    const { tasks, config } = this.#host
    const { partition_label: label } = config
    this.#task = await tasks.open({
      partition: `${config.topic}/${this.#partition}`,
      state,
      time,
      entries: this.#entries,
      source: this.#entries,
      next: this.#offset,
      outputAttribute: label === '' ? undefined : [label, String(this.#partition)],
      checkpointInterval: config.checkpoint_interval,
      keep: (parts, next, at) => this.#keep(parts, next, at)
    })
    this.#entries.forwardedBefore = () => this.#task?.next ?? this.#offset
    this.#entries.onRoom = () => this.#host.fetcher.wake()
    this.#task.wake()
  }

  async #keep(parts: readonly Uint8Array[], next: number, time: number): Promise<void> {
    const { states, deadLetters } = this.#host
    await deadLetters.written(this.#partition, this.#leaving.signal)
    const state = await states.write(this.#partition, parts)
    await this.#commit(() => ({
      offset: next,
      // Those that the state knows of are over.
      progress: { state, ticks: this.#progress.ticks.filter(([, shown]) => shown > time) }
    }))
    await states.removeBefore(this.#partition, state)
  }

  async #letTimePass(task: Task, now: number): Promise<void> {
    const tick: Tick = [this.#entries.next, now]
    const withTick = () => {
      const ticks = [...this.#progress.ticks.filter(([offset]) => offset !== tick[0]), tick]
      return { offset: this.#offset, progress: { ...this.#progress, ticks } }
    }
    if (formatProgress(withTick().progress).length > MOST_TEXT) await task.checkpoint()
    else if (await this.#insist(withTick)) this.#entries.addTick(now)
    this.#entries.isHeld = false
    task.wake()
  }

  /** Tries until it is known that it is committed. Resolves to false if the partition is lost. */
  async #insist(what: () => { offset: number; progress: Progress }): Promise<boolean> {
    while (!this.#isClosed) {
      try {
        await this.#commit(what)
        return true
      } catch (error) {
        if (error instanceof FencedError) return false
        this.#host.context.log.warn({ err: describeKafkaError(error), partition: this.#partition }, 'cannot commit')
        await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      }
    }
    return false
  }

  #commit(what: () => { offset: number; progress: Progress }): Promise<void> {
    const commit = this.#committing.then(async () => {
      if (this.#ownership.aborted) throw new FencedError()
      const { offset, progress } = what()
      await this.#host.group.commit(this.#partition, offset, progress)
      this.#offset = offset
      this.#progress = progress
    })
    this.#committing = commit.catch(() => {})
    return commit
  }

  #lost(error: unknown): void {
    this.#isClosed = true
    this.#onLost(error)
  }
}
