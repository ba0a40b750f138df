/** As much as comes in 0.6 s of a million lines a second. */
export const RING_BYTES = 2 ** 25
/** If all is taken, writing begins anew behind this share of a ring: memory that was written to once stays in use. */
const REUSED_SHARE = 1 / 32
/** Each datagram is behind its length, and they begin at multiples of this. */
const LENGTH_BYTES = 4
/** In place of a length: the next datagram is at the beginning. */
const WRAP = -1
/** Numbers in `control`: the offsets at which the next datagram is written and taken, and whether to stop writing. */
const HEAD = 0
const TAIL = 1
const STOP = 2
const CONTROLS = 3

/** Memory of a ring, for the thread that writes and the one that takes. */
export interface RingMemory {
  readonly control: SharedArrayBuffer
  readonly data: SharedArrayBuffer
}

/** @param bytes more than twice those of the largest datagram */
export function newRing(bytes = RING_BYTES): RingMemory {
  return { control: new SharedArrayBuffer(4 * CONTROLS), data: new SharedArrayBuffer(bytes) }
}

/** The side of a ring that has datagrams. */
export class RingWriter {
  readonly #control: Int32Array
  readonly #lengths: Int32Array
  readonly #bytes: Uint8Array
  #head: number

  /** It goes on behind the last datagram that was published. */
  constructor({ control, data }: RingMemory) {
    this.#control = new Int32Array(control)
    this.#lengths = new Int32Array(data)
    this.#bytes = new Uint8Array(data)
    this.#head = Atomics.load(this.#control, HEAD)
  }

  get isStopped(): boolean {
    return Atomics.load(this.#control, STOP) !== 0
  }

  /** Blocks the thread, until it is told to stop at the longest. */
  sleep(ms: number): void {
    Atomics.wait(this.#control, STOP, 0, ms)
  }

  /** Blocks the thread. There may be room sooner. */
  waitForRoom(ms: number): void {
    Atomics.wait(this.#control, TAIL, Atomics.load(this.#control, TAIL), ms)
  }

  /**
   * Copies a datagram, `bytes` from `start` to `end`, which is taken only after {@link publish}. False if there is no room
   * for it yet.
   */
  write(bytes: Buffer, start: number, end: number): boolean {
    const size = sizeOf(end - start)
    const tail = Atomics.load(this.#control, TAIL)
    const isBehind = this.#head < tail
    const isReused = this.#head === tail && size < tail && tail >= this.#bytes.length * REUSED_SHARE
    const wraps = !isBehind && (isReused || this.#head + size + LENGTH_BYTES > this.#bytes.length)
    if (wraps ? size >= tail : isBehind && this.#head + size >= tail) return false
    if (wraps) {
      this.#lengths[this.#head / LENGTH_BYTES] = WRAP
      this.#head = 0
    }
    this.#lengths[this.#head / LENGTH_BYTES] = end - start
    bytes.copy(this.#bytes, this.#head + LENGTH_BYTES, start, end)
    this.#head += size
    return true
  }

  publish(): void {
    Atomics.store(this.#control, HEAD, this.#head)
    Atomics.notify(this.#control, HEAD)
  }
}

/** The side of a ring that takes datagrams. */
export class RingReader {
  readonly #control: Int32Array
  readonly #lengths: Int32Array
  readonly #bytes: Buffer
  #tail = 0

  constructor({ control, data }: RingMemory) {
    this.#control = new Int32Array(control)
    this.#lengths = new Int32Array(data)
    this.#bytes = Buffer.from(data)
  }

  /**
   * Hands datagrams on; returns their number.
   * @param take is given a datagram, `bytes` from `start` to `end`, until it returns
   * @param most datagrams
   */
  take(take: (bytes: Buffer, start: number, end: number) => void, most: number): number {
    const head = Atomics.load(this.#control, HEAD)
    let taken = 0
    for (let tail = this.#tail; tail !== head && taken < most; ) {
      const length = this.#lengths[tail / LENGTH_BYTES]
      if (length === WRAP) tail = 0
      else {
        const start = tail + LENGTH_BYTES
        take(this.#bytes, start, start + length)
        tail += sizeOf(length)
        taken++
      }
      this.#tail = tail
    }
    Atomics.store(this.#control, TAIL, this.#tail)
    return taken
  }

  /** Resolves once there is something to take, or at {@link wake}. */
  async wait(): Promise<void> {
    await Atomics.waitAsync(this.#control, HEAD, this.#tail).value
  }

  /** Tells the writer to stop. */
  stop(): void {
    Atomics.store(this.#control, STOP, 1)
    Atomics.notify(this.#control, STOP)
  }

  /** Ends {@link wait}. */
  wake(): void {
    Atomics.notify(this.#control, HEAD)
  }
}

function sizeOf(length: number): number {
  return LENGTH_BYTES + Math.ceil(length / LENGTH_BYTES) * LENGTH_BYTES
}
