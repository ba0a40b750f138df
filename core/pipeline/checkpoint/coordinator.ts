import type { Logger } from 'pino'
import type { SettlementToken } from '../../batch/settlement.ts'
import { describeError } from '../../errors.ts'
import { runThrough, type Stepwise } from '../../model/stepwise.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { CooperativeScheduler } from '../ingest/cooperative.ts'
import type { Checkpoint, QueuePosition } from './file.ts'
import { type Checkpointed, exportersOf, heldOf, isHeldWhole, snapshotsOf, upstreamOf } from './participants.ts'
import { planOf } from './plan.ts'
import type { SettlementTracker } from './settlement-tracker.ts'

/**
 * Time a checkpoint waits for backends. After it, batches in front of the barrier go to the disk of their sending
 * queue.
 */
const GRACE_MS = 1000
/** Between looks at operators that hold batches in part. */
const RETRY_MS = 50

/** Keeps checkpoints, and the entries behind the last one. */
export interface CheckpointStore {
  /** Durable when it resolves. */
  write(checkpoint: Checkpoint): Promise<void>
  /** No checkpoint needs the entries before `entry` any more. */
  removeBefore(entry: number): Promise<void>
}

export interface CoordinatorOptions {
  readonly store: CheckpointStore
  readonly topology: Checkpointed
  readonly ingress: { readonly nextEntry: number }
  readonly settlements: SettlementTracker
  readonly cooperative: CooperativeScheduler
  readonly pipelineClock: Clock
  readonly clock: Clock
  readonly log: Logger
  readonly intervalMs: number
  /** Number of the last checkpoint there is. */
  readonly lastId: number
}

/** A snapshot at a barrier. */
interface Pending extends Omit<Checkpoint, 'queuePositions' | 'id'> {
  /** Settlements that depend on nothing but the snapshot. */
  readonly inside: ReadonlySet<SettlementToken>
  /** True if everything that was in the pipelines then is kept by somebody. */
  readonly isWhole: Promise<boolean>
}

/**
 * Takes checkpoints at intervals: the state of components, and the entry up to which the journal is processed. A
 * snapshot is taken between two entries, which is its barrier. It is kept only once every settlement opened before the
 * barrier has closed. Then a restart from it repeats nothing that backends would see as more than once.
 */
export class CheckpointCoordinator {
  #options: CoordinatorOptions
  #cancel = () => {}
  #running: Promise<boolean> | undefined
  #looking: Promise<unknown> = Promise.resolve()
  #writing: Promise<void> = Promise.resolve()
  /** Goes up with {@link hold}. */
  #generation = 0
  #isHeld = false
  #lastId: number
  /** Unix ms. */
  #last: number

  constructor(options: CoordinatorOptions) {
    this.#options = options
    this.#last = options.clock.now()
    this.#lastId = options.lastId
  }

  get ageMs(): number {
    return this.#options.clock.now() - this.#last
  }

  start(): void {
    this.#isHeld = false
    this.#cancel()
    this.#cancel = this.#options.clock.setTimer(this.#options.intervalMs, () => {
      this.start()
      void this.take()
    })
  }

  stop(): void {
    this.#cancel()
  }

  /**
   * Ends those under way, and takes none but by {@link takeHeld} until {@link start}. When it resolves none changes
   * anything in a folder any more.
   */
  async hold(): Promise<void> {
    this.#isHeld = true
    this.#cancel()
    this.#generation++
    this.#running = undefined
    await this.#looking
    await this.#writing
  }

  /** Resolves to whether it was kept. While one waits for its barrier there is no second. */
  async take(): Promise<boolean> {
    return this.#isHeld ? false : this.takeHeld()
  }

  /** Though held: the components there are now are those there will be. */
  takeHeld(): Promise<boolean> {
    if (this.#running !== undefined) return this.#running
    const taking = this.#take().finally(() => {
      if (this.#running === taking) this.#running = undefined
    })
    this.#running = taking
    return taking
  }

  /** One that knows all there is now: waits for one that is under way first, which knows less. */
  async takeAnew(): Promise<boolean> {
    await this.#running
    return this.take()
  }

  /** At a stop, when nothing moves any more. Settlements that are open now, and not in the snapshot, will not close. */
  async takeLast(): Promise<boolean> {
    if (this.#isHeld) return false
    await this.hold()
    return this.#take(true)
  }

  async #take(isLast = false): Promise<boolean> {
    const { clock, log, settlements } = this.#options
    const generation = this.#generation
    try {
      const pending = await this.#snapshot()
      if (pending === undefined) return false
      const { isWhole, inside, ...checkpoint } = pending
      const cancel = this.#hurry()
      const isKept = isLast ? settlements.isCoveredBy(inside) : await isWhole
      cancel()
      if (!isKept || generation !== this.#generation) return false
      const written = this.#write(checkpoint)
      this.#writing = written.catch(() => {})
      await written
      this.#last = clock.now()
      return true
    } catch (error) {
      log.error(
        { err: describeError(error) },
        'no checkpoint could be written; a restart repeats all since the last one'
      )
      return false
    }
  }

  /** Undefined if checkpoints are held meanwhile, or the snapshot can never become one. */
  async #snapshot(): Promise<Pending | undefined> {
    const { clock, settlements, cooperative } = this.#options
    const generation = this.#generation
    while (!settlements.isBroken && generation === this.#generation) {
      const looking = cooperative.run(this.#look())
      this.#looking = looking.catch(() => {})
      const pending = await looking
      if (pending !== undefined) return pending
      await new Promise<void>(resolve => clock.setTimer(RETRY_MS, resolve))
    }
    return undefined
  }

  /** Batches that wait for backends go to disk, again and again: the disk may be full, or fail. */
  #hurry(): () => void {
    const { clock, topology } = this.#options
    let cancel = () => {}
    const wait = () => {
      cancel = clock.setTimer(GRACE_MS, () => {
        for (const { sendingQueue } of topology.exporters) sendingQueue.overflowToDisk()
        wait()
      })
    }
    wait()
    return () => cancel()
  }

  /** Undefined if operators hold batches in part. */
  *#look(): Stepwise<Pending | undefined> {
    const { ingress, topology, pipelineClock, settlements } = this.#options
    if (!isHeldWhole(topology)) return undefined
    const where = { nextEntry: ingress.nextEntry, time: pipelineClock.now(), plan: planOf(topology) }
    // Operators that wait for something else than time would emit to a processor that is written down already.
    const held = [...heldOf(topology).values()]
    for (const state of held) state.freeze()
    try {
      const snapshots = yield* snapshotsOf(upstreamOf(topology))
      const inside = new Set(held.flatMap(({ tokens }) => [...tokens]))
      return { ...where, snapshots, inside, isWhole: settlements.barrier(inside) }
    } finally {
      for (const state of held) state.thaw()
    }
  }

  /** Segments and batches on disk that it makes superfluous go. */
  async #write(pending: Omit<Pending, 'isWhole' | 'inside'>): Promise<void> {
    const { store, topology } = this.#options
    const snapshots = new Map([...pending.snapshots, ...runThrough(snapshotsOf(exportersOf(topology)))])
    const checkpoint = { ...pending, snapshots, queuePositions: queuePositions(topology), id: ++this.#lastId }
    const participants = [...upstreamOf(topology).values(), ...exportersOf(topology).values()]
    await store.write(checkpoint)
    for (const participant of participants) participant.committed?.(checkpoint.id)
    await store.removeBefore(checkpoint.nextEntry)
    for (const { component, sendingQueue } of topology.exporters)
      await sendingQueue.removeBefore(checkpoint.queuePositions.get(component.id)?.next ?? 0)
  }
}

function queuePositions({ exporters }: Checkpointed): Map<string, QueuePosition> {
  return new Map(
    exporters.flatMap(({ component, sendingQueue }) =>
      sendingQueue.position ? [[component.id, sendingQueue.position]] : []
    )
  )
}
