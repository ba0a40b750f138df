import { type CreditMeter, LocalMeter } from './credit-meter.ts'

/** Credits of other threads come back without notice: waiting buyers look so often. */
const POLL_MS = 10

/**
 * The bound of memory. Receivers and processors buy credits (bytes) before they bring data in, and the credits go back
 * once the data has settled. So data in flight never exceeds the pool. Bytes are the one currency, because memory is
 * the scarce resource.
 */
export class CreditPool {
  readonly capacity: number
  readonly #overdraft: boolean
  readonly #meter: CreditMeter
  #hasRefused = false
  #waiting: { bytes: number; grant: (permit: Permit) => void }[] = []
  #polling: ReturnType<typeof setTimeout> | undefined

  /**
   * @param capacity bytes
   * @param overdraft gives more than it has: somebody else then waits until `used` is below `capacity` again
   * @param meter shared with the pools of other threads, if these are the same credits
   */
  constructor(capacity: number, overdraft = false, meter: CreditMeter = new LocalMeter()) {
    this.capacity = capacity
    this.#overdraft = overdraft
    this.#meter = meter
  }

  get used(): number {
    return this.#meter.used
  }

  /** True if a buyer was refused and no credits have come back since, or all credits are in use. */
  get isSpent(): boolean {
    return this.#hasRefused || this.used >= this.capacity
  }

  /** A permit, or undefined when the pool is spent: then shed, stop reading or wait with {@link take}. */
  tryTake(bytes: number): Permit | undefined {
    const whole = Math.ceil(bytes)
    if (this.#takeBytes(whole)) return this.#issue(whole)
    this.#hasRefused = true
    return undefined
  }

  /** Waits its turn for credits; rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted()
    const whole = Math.ceil(bytes)
    if (this.#waiting.length === 0 && this.#takeBytes(whole)) return Promise.resolve(this.#issue(whole))
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1)
        reject(signal.reason)
      }
      const grant = (permit: Permit) => {
        signal.removeEventListener('abort', giveUp)
        resolve(permit)
      }
      const entry = { bytes: whole, grant }
      this.#waiting.push(entry)
      signal.addEventListener('abort', giveUp, { once: true })
      this.#poll()
    })
  }

  // Something larger than the whole pool passes when it is alone, or it could never pass.
  #takeBytes(bytes: number): boolean {
    return this.#meter.take(bytes, this.#overdraft ? Number.POSITIVE_INFINITY : this.capacity, 0)
  }

  #issue(bytes: number): Permit {
    return new Permit(bytes, {
      grow: (more, held) => this.#meter.take(more, this.capacity, held),
      release: all => {
        this.#meter.give(all)
        this.#grantWaiting()
      }
    })
  }

  #grantWaiting(): void {
    this.#hasRefused = false
    while (this.#waiting.length > 0 && this.#takeBytes(this.#waiting[0].bytes)) {
      const { bytes, grant } = this.#waiting.shift()!
      grant(this.#issue(bytes))
    }
  }

  #poll(): void {
    if (!this.#meter.isShared || this.#polling !== undefined) return
    this.#polling = setTimeout(() => {
      this.#polling = undefined
      this.#grantWaiting()
      if (this.#waiting.length > 0) this.#poll()
    }, POLL_MS)
  }
}

interface Issuer {
  /** @param held bytes that the permit has already: if no other permit is in use, this one may go on alone */
  grow(bytes: number, held: number): boolean
  release(bytes: number): void
}

/** Credits held. Give them to a batch, which returns them when it settles, or {@link release} them yourself. */
export class Permit {
  #bytes: number
  #issuer: Issuer | undefined

  constructor(bytes: number, issuer: Issuer) {
    this.#bytes = bytes
    this.#issuer = issuer
  }

  get bytes(): number {
    return this.#bytes
  }

  /** More credits for the same data, e.g. as a body arrives in chunks. False when the pool is spent. */
  tryGrow(bytes: number): boolean {
    const whole = Math.ceil(bytes)
    if (this.#issuer === undefined || !this.#issuer.grow(whole, this.#bytes)) return false
    this.#bytes += whole
    return true
  }

  /** Part of it, as a permit of its own. @param bytes at most those of this one, which must not be released */
  split(bytes: number): Permit {
    const whole = Math.ceil(bytes)
    if (this.#issuer === undefined || whole > this.#bytes)
      throw new RangeError(`a permit of ${this.#bytes} bytes has no ${whole} bytes to give`)
    this.#bytes -= whole
    return new Permit(whole, this.#issuer)
  }

  /** Idempotent. */
  release(): void {
    this.#issuer?.release(this.#bytes)
    this.#issuer = undefined
  }
}
