import { Batch, type Block, type Context, type Origin, type Outcome } from '../../sdk/plugin/index.ts'
import { FingerprintTable } from './fingerprint-table.ts'

/** A fingerprint and the serial number of the bucket that remembers it. */
const WORDS_PER_KEY = 5
/** A table this large is released once nothing is in flight. */
const LARGE_TABLE_BYTES = 2 ** 20

/** Duplicates of items in another batch, which nobody has stored yet. */
interface Follower {
  readonly handle: Batch
  readonly items: number
  readonly reason: string
  /** True if the items are given up on rather than stored by the other batch. */
  readonly isLoss: boolean
}

/** A batch in flight. If it is nacked, the entries that were remembered for it are removed. */
export class InFlightBatch {
  readonly origin: Origin
  readonly slot: number
  readonly keys: Uint32Array
  keyCount = 0
  readonly followers: Follower[] = []
  readonly takeBack: (() => void)[] = []

  /** @param items in the batch, each of which may have a key */
  constructor(origin: Origin, slot: number, items: number) {
    this.origin = origin
    this.slot = slot
    this.keys = new Uint32Array(items * WORDS_PER_KEY)
  }

  /** @param serial of the memory's bucket; 0 if {@link takeBack} removes the entry */
  add(key: Uint32Array, serial: number): void {
    const at = this.keyCount++ * WORDS_PER_KEY
    this.keys[at] = key[0]
    this.keys[at + 1] = key[1]
    this.keys[at + 2] = key[2]
    this.keys[at + 3] = key[3]
    this.keys[at + 4] = serial
  }
}

/**
 * Batches that have not settled yet, found by their items. A duplicate of an item in flight is not known to be stored.
 * It waits for the first one's outcome: it is dropped once that is stored, and nacked if that is nacked.
 */
export class InFlightBatches {
  #account: Context['account']
  #remove: (keys: Uint32Array, at: number, serial: number) => void
  #pending = new FingerprintTable(1)
  #inFlight: (InFlightBatch | undefined)[] = []
  #freeSlots: number[] = []

  constructor(account: Context['account'], remove: (keys: Uint32Array, at: number, serial: number) => void) {
    this.#account = account
    this.#remove = remove
  }

  get bytes(): number {
    return this.#pending.bytes
  }

  begin({ origin, block }: Batch): InFlightBatch {
    const slot = this.#freeSlots.pop() ?? this.#inFlight.length
    const inFlight = new InFlightBatch(origin, slot, block.length)
    this.#inFlight[slot] = inFlight
    return inFlight
  }

  /** `key` was first seen in `inFlight`, or is in a further part of it. */
  add(inFlight: InFlightBatch, key: Uint32Array, serial: number): void {
    inFlight.add(key, serial)
    if (this.#pending.find(key) < 0) this.#pending.setValue(this.#pending.insert(key), 0, inFlight.slot)
  }

  /** The batch in flight that has `key`. */
  batchOf(key: Uint32Array): InFlightBatch | undefined {
    const slot = this.#pending.find(key)
    return slot < 0 ? undefined : this.#inFlight[this.#pending.value(slot, 0)]
  }

  /** Ends `handle`, which stands for `items` of a batch, when `first` has ended. */
  follow(first: InFlightBatch, handle: Batch, items: number, reason: string, isLoss: boolean): void {
    this.#account.during(handle.block, () => {
      this.#account.inFlight += items
    })
    first.followers.push({ handle, items, reason, isLoss })
  }

  /** A batch of `block` whose outcome ends `inFlight`, and then settles `batch`. */
  launch(inFlight: InFlightBatch, batch: Batch, block: Block): Batch {
    return Batch.derive([batch], block, outcome => {
      this.end(inFlight, outcome)
      batch.settle(outcome)
    })
  }

  end(inFlight: InFlightBatch, outcome: Outcome): void {
    const isRemoved = outcome.status === 'nacked'
    const { keys, slot } = inFlight
    for (let at = 0; at < inFlight.keyCount * WORDS_PER_KEY; at += WORDS_PER_KEY) {
      const found = this.#pending.find(keys, at)
      if (found >= 0 && this.#pending.value(found, 0) === slot) this.#pending.delete(found)
      if (isRemoved && keys[at + 4] !== 0) this.#remove(keys, at, keys[at + 4])
    }
    if (isRemoved) for (const undo of inFlight.takeBack) undo()
    this.#inFlight[slot] = undefined
    this.#freeSlots.push(slot)
    if (this.#pending.size === 0 && this.#pending.bytes > LARGE_TABLE_BYTES) this.#pending = new FingerprintTable(1)
    for (const follower of inFlight.followers) this.#endFollower(follower, outcome)
  }

  #endFollower({ handle, items, reason, isLoss }: Follower, outcome: Outcome): void {
    const account = this.#account
    account.during(handle.block, () => {
      account.inFlight -= items
      if (outcome.status === 'nacked') account.refused += items
      else account.drop(reason, items)
    })
    if (outcome.status === 'nacked') handle.nack(outcome.error)
    else if (isLoss) handle.drop(reason, items)
    else handle.ack()
  }
}
