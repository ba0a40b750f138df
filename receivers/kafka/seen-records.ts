import type { RecordId } from '../../core/kafka/record-id.ts'
import { openState, sealState } from '../../sdk/plugin/index.ts'

/** Gaps in the numbers of one producer: requests that wait to be sent again. There are few at a time. */
const MOST_GAPS = 100
/** A producer that was silent for so long has ended, in the time of records. */
const IDLE_MS = 3_600_000
const VERSION = 1

/** Numbers from `from` up to, not including, `to`. */
interface Gap {
  from: bigint
  to: bigint
}

interface Producer {
  /** All numbers before this came, but for the gaps. */
  next: bigint
  gaps: Gap[]
  /** Unix ms. */
  seen: number
}

/** Tells records that came before. Part of a partition's state. */
export class SeenRecords {
  #producers = new Map<string, Producer>()

  has({ producer, number }: RecordId): boolean {
    const known = this.#producers.get(producer)
    return known !== undefined && number < known.next && gapOf(known, number) === undefined
  }

  /** @param time of the record, Unix ms */
  add({ producer, number }: RecordId, time: number): void {
    let known = this.#producers.get(producer)
    if (known === undefined) this.#producers.set(producer, (known = { next: 0n, gaps: [], seen: time }))
    known.seen = time
    if (number < known.next) return fill(known, number)
    if (number > known.next) known.gaps.push({ from: known.next, to: number })
    if (known.gaps.length > MOST_GAPS) known.gaps.shift()
    known.next = number + 1n
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

const gapOf = ({ gaps }: Producer, number: bigint) => gaps.find(({ from, to }) => from <= number && number < to)

/** The number has come: its gap becomes smaller, or two. */
function fill(producer: Producer, number: bigint): void {
  const gap = gapOf(producer, number)
  if (gap === undefined) return
  const parts = [
    { from: gap.from, to: number },
    { from: number + 1n, to: gap.to }
  ].filter(({ from, to }) => from < to)
  producer.gaps = producer.gaps.flatMap(other => (other === gap ? parts : [other]))
}
