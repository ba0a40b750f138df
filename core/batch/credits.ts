/**
 * The bound of memory. Receivers and processors buy credits (bytes) before they bring data in, and the credits go back
 * once the data has settled. So data in flight never exceeds the pool. Bytes are the one currency, because memory is
 * the scarce resource.
 */
export class CreditPool {
  readonly capacity: number
  readonly #overdraft: boolean
  #used = 0
  #hasRefused = false
  #waiting: { bytes: number; grant: (permit: Permit) => void }[] = []

  /**
   * @param capacity bytes
   * @param overdraft gives more than it has: somebody else then waits until `used` is below `capacity` again
   */
  constructor(capacity: number, overdraft = false) {
    this.capacity = capacity
    this.#overdraft = overdraft
  }

  get used(): number {
    return this.#used
  }

  /** True if a buyer was refused and no credits have come back since, or all credits are in use. */
  get isSpent(): boolean {
    return this.#hasRefused || this.#used >= this.capacity
  }

  /** A permit, or undefined when the pool is spent: then shed, stop reading or wait with {@link take}. */
  tryTake(bytes: number): Permit | undefined {
    if (this.#fits(bytes)) return this.#issue(bytes)
    this.#hasRefused = true
    return undefined
  }

  /** Waits its turn for credits; rejects with the signal's reason. */
  take(bytes: number, signal: AbortSignal): Promise<Permit> {
    signal.throwIfAborted()
    if (this.#waiting.length === 0 && this.#fits(bytes)) return Promise.resolve(this.#issue(bytes))
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1)
        reject(signal.reason)
      }
      const grant = (permit: Permit) => {
        signal.removeEventListener('abort', giveUp)
        resolve(permit)
      }
      const entry = { bytes, grant }
      this.#waiting.push(entry)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  // Something larger than the whole pool passes when it is alone, or it could never pass.
  #fits(bytes: number): boolean {
    return this.#overdraft || this.#used + bytes <= this.capacity || this.#used === 0
  }

  #issue(bytes: number): Permit {
    this.#used += bytes
    return new Permit(bytes, {
      grow: (more, held) => {
        if (this.#used + more > this.capacity && this.#used > held) return false
        this.#used += more
        return true
      },
      release: all => this.#release(all)
    })
  }

  #release(bytes: number): void {
    this.#used -= bytes
    this.#hasRefused = false
    while (this.#waiting.length > 0 && this.#fits(this.#waiting[0].bytes)) {
      const { bytes: wanted, grant } = this.#waiting.shift()!
      grant(this.#issue(wanted))
    }
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
    if (this.#issuer === undefined || !this.#issuer.grow(bytes, this.#bytes)) return false
    this.#bytes += bytes
    return true
  }

  /** Idempotent. */
  release(): void {
    this.#issuer?.release(this.#bytes)
    this.#issuer = undefined
  }
}
