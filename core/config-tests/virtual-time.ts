import { setImmediate, setTimeout } from 'node:timers/promises'
import { WeirError } from '../errors.ts'
import { VirtualClock } from '../telemetry/virtual-clock.ts'

/** Turns of the event loop without a change after which nothing is under way. */
const QUIET_TURNS = 4
/** Requests to the system by their names in Node. */
const PENDING_REQUEST = /^(?:FSReq|ZlibReq|FILEHANDLECLOSEREQ)/
/** What waits neither for time nor for a request to the system is looked at so often, and as many times. */
const WAIT_MS = 1
const MOST_WAITS = 5000

/** The state of what runs on the clock, as far as its changes show that something is under way. */
export interface Activity {
  /** Differs after something has happened. */
  readonly count: number
  /** True if something goes on by itself. */
  readonly isBusy: boolean
}

/**
 * A clock that moves only if all that earlier times have caused is done. So the same happens in each run, however fast the
 * machine is.
 */
export class VirtualTime {
  readonly clock: VirtualClock
  readonly #activity: () => Activity

  /** @param start Unix ms */
  constructor(start: number, activity: () => Activity) {
    this.clock = new VirtualClock(start)
    this.#activity = activity
  }

  /** Resolves once nothing goes on any more before time goes by. */
  async settle(): Promise<void> {
    let before = this.#activity().count
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await setImmediate()
      const { count, isBusy } = this.#activity()
      const isQuiet = count === before && !isBusy && !hasPendingRequests()
      quiet = isQuiet ? quiet + 1 : 0
      before = count
    }
  }

  /** Time goes by, from timer to timer, up to `time`, Unix ms. */
  async advanceTo(time: number): Promise<void> {
    while (this.clock.nextTimer <= time) await this.#fireNext()
    this.clock.advanceTo(time)
    await this.settle()
  }

  /** The result of `work`, for which time goes by if it waits for that. */
  async until<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const end = () => {
      isDone = true
    }
    work.then(end, end)
    for (let waits = 0; ; ) {
      await this.settle()
      if (isDone) return work
      if (this.clock.nextTimer < Number.POSITIVE_INFINITY) await this.#fireNext()
      else if (waits++ < MOST_WAITS) await setTimeout(WAIT_MS)
      else throw new WeirError('COMPONENT_FAILED', 'it does not end, and waits for no time to go by')
    }
  }

  /** Most timers only look at something, and look again later. */
  async #fireNext(): Promise<void> {
    const { count } = this.#activity()
    this.clock.advanceTo(this.clock.nextTimer)
    await setImmediate()
    const after = this.#activity()
    if (after.count !== count || after.isBusy) await this.settle()
  }
}

const hasPendingRequests = () => process.getActiveResourcesInfo().some(name => PENDING_REQUEST.test(name))
