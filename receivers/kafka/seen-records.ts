import type { RecordId } from '../../core/kafka/record-id.ts'
import { openState, sealState } from '../../sdk/plugin/index.ts'

/** Numbers that a producer left out and may still send: those of a request that waits to be sent again. */
const MOST_MISSING = 1000n
/** A producer that was silent for so long has ended, in the time of records. */
const IDLE_MS = 3_600_000
const VERSION = 1

interface Producer {
  last: bigint
  readonly missing: Set<bigint>
  /** Unix ms. */
  seen: number
}

/** Tells records that came before. Part of a partition's state. */
export class SeenRecords {
  #producers = new Map<string, Producer>()

  has({ producer, number }: RecordId): boolean {
    const known = this.#producers.get(producer)
    return known !== undefined && number <= known.last && !known.missing.has(number)
  }

  /** @param time of the record, Unix ms */
  add({ producer, number }: RecordId, time: number): void {
    const known = this.#producers.get(producer)
    if (known === undefined) {
      this.#producers.set(producer, { last: number, missing: new Set(), seen: time })
      return
    }
    known.seen = time
    if (number <= known.last) return void known.missing.delete(number)
    const first = known.last + 1n > number - MOST_MISSING ? known.last + 1n : number - MOST_MISSING
    for (let left = first; left < number; left++) known.missing.add(left)
    for (const oldest of known.missing) {
      if (known.missing.size <= MOST_MISSING) break
      known.missing.delete(oldest)
    }
    known.last = number
  }

  /** @param time of the partition, Unix ms */
  expire(time: number): void {
    for (const [id, { seen }] of this.#producers) if (seen < time - IDLE_MS) this.#producers.delete(id)
  }

  snapshot(): Uint8Array {
    return sealState(VERSION, this.#producers)
  }

  /** Throws if `state` cannot be understood. */
  restore(state: Uint8Array): void {
    this.#producers = openState(VERSION, state) as Map<string, Producer>
  }
}
