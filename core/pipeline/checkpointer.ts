import type { Logger } from 'pino'
import { describeError, WeirError } from '../errors.ts'
import { type Checkpoint, type LanePosition, writeCheckpoint } from '../journal/checkpoint.ts'
import type { Disk } from '../journal/disk.ts'
import type { Journal } from '../journal/journal.ts'
import type { Stepwise } from '../model/stepwise.ts'
import type { Stateful } from '../plugin/contract.ts'
import type { Clock } from '../telemetry/clock.ts'
import type { Topology } from './build.ts'
import type { JournaledEntrance } from './journaled-entrance.ts'
import { planOf } from './reload/last-plan.ts'
import type { Steps } from './steps.ts'

export interface CheckpointerOptions {
  readonly disk: Disk
  readonly folder: string
  readonly journal: Journal
  readonly topology: Topology
  readonly entrance: Pick<JournaledEntrance, 'nextEntry' | 'handedBack' | 'buried'>
  readonly steps: Steps
  readonly pipelineClock: Clock
  readonly clock: Clock
  readonly log: Logger
  readonly intervalMs: number
}

/**
 * Writes down, now and then, what processors know and up to where the journal is done with. Taken between two entries,
 * and kept only once everything put out before it has left the lanes, for a backend or their disk: then a restart from
 * here does nothing twice that backends would see as more than once.
 */
export class Checkpointer {
  #options: CheckpointerOptions
  #cancel = () => {}
  #running: Promise<boolean> | undefined
  #looking: Promise<unknown> = Promise.resolve()
  #writing: Promise<void> = Promise.resolve()
  /** Goes up with {@link hold}. */
  #generation = 0
  #isHeld = false
  /** Unix ms. */
  #last: number

  constructor(options: CheckpointerOptions) {
    this.#options = options
    this.#last = options.clock.now()
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
   * Ends those under way, and takes none but by {@link takeHeld} until {@link start}. When it resolves none changes anything
   * in a folder any more.
   */
  async hold(): Promise<void> {
    this.#isHeld = true
    this.#cancel()
    this.#generation++
    this.#running = undefined
    await this.#looking
    await this.#writing
  }

  /** Resolves to whether it was kept. While one waits for its lanes there is no second. */
  async take(): Promise<boolean> {
    return this.#isHeld ? false : this.takeHeld()
  }

  /** Though held: what there is is what there will be. */
  takeHeld(): Promise<boolean> {
    if (this.#running !== undefined) return this.#running
    const taking = this.#take().finally(() => {
      if (this.#running === taking) this.#running = undefined
    })
    this.#running = taking
    return taking
  }

  /** One that knows all that is there now: waits for one that is under way first, which knows less. */
  async takeAnew(): Promise<boolean> {
    await this.#running
    return this.take()
  }

  async #take(): Promise<boolean> {
    const { entrance, topology, clock, log } = this.#options
    const generation = this.#generation
    try {
      const looking = this.#options.steps.run(this.#look())
      this.#looking = looking.catch(() => {})
      const checkpoint = await looking
      const left = await Promise.all(topology.exporters.map(({ lane }) => lane.barrier()))
      await entrance.buried()
      if (left.includes(false) || entrance.handedBack || generation !== this.#generation) return false
      const written = this.#write({ ...checkpoint, lanes: lanePositions(topology) })
      this.#writing = written.catch(() => {})
      await written
      this.#last = clock.now()
      return true
    } catch (error) {
      log.error({ err: describeError(error) }, 'no checkpoint could be written; the journal keeps growing')
      return false
    }
  }

  /** What it makes superfluous goes. */
  async #write(checkpoint: Checkpoint): Promise<void> {
    const { disk, folder, journal, topology } = this.#options
    await writeCheckpoint(disk, folder, checkpoint)
    await journal.removeBefore(checkpoint.nextEntry)
    for (const { component, lane } of topology.exporters)
      await lane.removeBefore(checkpoint.lanes?.get(component.id)?.next ?? 0)
  }

  *#look(): Stepwise<Omit<Checkpoint, 'lanes'>> {
    const { entrance, topology, pipelineClock } = this.#options
    const where = { nextEntry: entrance.nextEntry, time: pipelineClock.now(), plan: planOf(topology) }
    const snapshots = new Map<string, Uint8Array>()
    for (const [name, processor] of statefulOf(topology)) {
      const inSteps = processor.snapshotInSteps?.()
      snapshots.set(name, inSteps === undefined ? processor.snapshot!() : yield* inSteps)
      yield
    }
    return { ...where, snapshots }
  }
}

/** Gives processors the state they had. Throws `STATE_INVALID` where that fails, or where one is no longer there. */
export function restoreSnapshots(topology: Topology, { snapshots }: Checkpoint, folder: string): void {
  const left = new Set(snapshots.keys())
  for (const [name, processor] of statefulOf(topology)) {
    const state = snapshots.get(name)
    left.delete(name)
    if (state === undefined) continue
    try {
      processor.restore!(state)
    } catch (error) {
      throw unusable(folder, `the state of ${name}: ${describeError(error)}`, error)
    }
  }
  if (left.size > 0)
    throw unusable(folder, `it has state of ${[...left].join(', ')}, which the configuration has no longer`)
}

function lanePositions({ exporters }: Topology): Map<string, LanePosition> {
  return new Map(exporters.flatMap(({ component, lane }) => (lane.position ? [[component.id, lane.position]] : [])))
}

function statefulOf({ pipelines }: Topology): [string, Stateful][] {
  const all = pipelines.flatMap(({ name, processors }) =>
    processors.map(({ component, processor }): [string, Stateful] => [`${name}/${component.id}`, processor])
  )
  return all.filter(([, processor]) => processor.snapshot !== undefined)
}

function unusable(folder: string, why: string, cause?: unknown): WeirError {
  return new WeirError(
    'STATE_INVALID',
    `cannot restore the checkpoint in ${folder}: ${why}; start with --discard-state to go on without it`,
    { cause }
  )
}
