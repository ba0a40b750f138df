import { setImmediate, setTimeout } from 'node:timers/promises'
import { WeirError } from '../errors.ts'
import { formatDuration } from '../schema/units.ts'
import { VirtualClock } from '../telemetry/virtual-clock.ts'

/** Work that the event loop still has, by the names of Node: callbacks, and answers of the system. */
const UNDER_WAY = /^(?:Immediate|FSReq|ZlibReq|FILEHANDLECLOSEREQ)/
/** Work that waits for neither time nor any of these is looked at so often, and as many times. */
const WAIT_MS = 1
const MOST_WAITS = 5000
/** For a start, a stop or a reload; each has a shorter time of its own. */
const LONGEST_MS = 3_600_000

/**
 * A clock that moves only if all that earlier times have caused is done. So the same happens in each run, however fast the
 * machine is.
 */
export class VirtualTime {
  readonly clock: VirtualClock

  /** @param start Unix ms */
  constructor(start: number) {
    this.clock = new VirtualClock(start)
  }

  /** Resolves once nothing goes on any more before time goes by. */
  async settle(): Promise<void> {
    await promisesSettled()
    while (process.getActiveResourcesInfo().some(name => UNDER_WAY.test(name))) {
      await setImmediate()
      await promisesSettled()
    }
  }

  /** Time goes by, from timer to timer, up to `time`, Unix ms. */
  async advanceTo(time: number): Promise<void> {
    while (this.clock.nextTimer <= time) await this.#fireNext()
    this.clock.advanceTo(time)
    await this.settle()
  }

  /** The result of `work`, for which time goes by if it waits for that. Throws if it does not end. */
  async until<T>(work: Promise<T>): Promise<T> {
    const latest = this.clock.now() + LONGEST_MS
    for (let waits = 0; !(await this.passFor(work, latest - this.clock.now())); waits++) {
      if (waits === MOST_WAITS || this.clock.now() >= latest)
        throw new WeirError('COMPONENT_FAILED', `it did not end within ${formatDuration(LONGEST_MS)}`)
      await setTimeout(WAIT_MS)
    }
    return work
  }

  /** Time goes by until `work` has ended, but for `most` ms. Resolves to whether it has. */
  async passFor(work: Promise<unknown>, most: number): Promise<boolean> {
    let isDone = false
    const end = () => {
      isDone = true
    }
    work.then(end, end)
    const latest = this.clock.now() + most
    await this.settle()
    while (!isDone && this.clock.nextTimer <= latest) await this.#fireNext()
    return isDone
  }

  async #fireNext(): Promise<void> {
    this.clock.advanceTo(this.clock.nextTimer)
    await this.settle()
  }
}

/** Node calls back once no promise has anything to do. */
const promisesSettled = () => new Promise<void>(resolve => process.nextTick(resolve))
