import type { Block } from '../../sdk/plugin/index.ts'
import type { RecordRows } from './partitioner.ts'
import type { EncodedRecord } from './records.ts'

/** One bad item of 50,000 takes 16. What is not told apart by then is refused with its neighbours. */
const MAX_SPLITS = 256

/** One record, and the rows of the block that are in it. */
export interface Part<M> {
  readonly message: M
  readonly bytes: number
  readonly rows: readonly number[]
  readonly group: Group
}

/** Rows that become records of their own. */
interface Group extends RecordRows {
  /** Records so far. */
  records: number
}

export interface Writer<M> {
  readonly maxBytes: number
  /** The rows as records, each with the next ones. */
  encode(block: Block, rows: readonly number[]): EncodedRecord[]
  /** @param record of its group, from 0 on */
  message(group: RecordRows, value: Buffer, record: number): M
}

/**
 * What is still to be sent of a block, in requests: of each partition no more than a batch of records may have. A
 * request that brokers refuse for good is cut in pieces, until it is known which items they refuse. All others must not
 * be sent in another record: readers would take them for new.
 */
export class BlockRequests<M> {
  readonly #block: Block
  readonly #writer: Writer<M>
  readonly #requests: Part<M>[][] = []
  readonly #refused: number[] = []
  #splits = 0

  constructor(block: Block, groups: readonly RecordRows[], writer: Writer<M>) {
    this.#block = block
    this.#writer = writer
    const bytes: Map<number, number>[] = []
    for (const { partition, sender, rows } of groups) {
      let at = 0
      for (const part of this.#partsOf({ partition, sender, rows, records: 0 }, rows)) {
        const before = bytes[at]?.get(partition) ?? 0
        if (before > 0 && before + part.bytes > writer.maxBytes) at++
        this.#requests[at] ??= []
        bytes[at] ??= new Map()
        this.#requests[at].push(part)
        bytes[at].set(partition, (bytes[at].get(partition) ?? 0) + part.bytes)
      }
    }
  }

  /** The request that is sent next. Undefined if all are decided. */
  get next(): readonly Part<M>[] | undefined {
    return this.#requests[0]
  }

  /** Rows that brokers refuse, once all are decided. */
  get refused(): readonly number[] {
    return this.#refused
  }

  /** Brokers have the next request. */
  taken(): void {
    this.#requests.shift()
  }

  /** Brokers refuse something in the next request for good. */
  refuse(): void {
    const request = this.#requests.shift()!
    const [{ group, rows }] = request
    const isOne = request.length === 1 && rows.length === 1
    if (isOne || this.#splits++ >= MAX_SPLITS) for (const part of request) this.#refused.push(...part.rows)
    else if (request.length > 1) this.#requests.unshift(...halvesOf(request))
    else this.#requests.unshift(...halvesOf(rows).flatMap(half => this.#partsOf(group, half).map(part => [part])))
  }

  #partsOf(group: Group, rows: readonly number[]): Part<M>[] {
    let at = 0
    return this.#writer.encode(this.#block, rows).map(({ value, items }) => {
      const own = rows.slice(at, at + items)
      at += items
      return { message: this.#writer.message(group, value, group.records++), bytes: value.length, rows: own, group }
    })
  }
}

function halvesOf<T>(all: readonly T[]): T[][] {
  const middle = all.length >> 1
  return [all.slice(0, middle), all.slice(middle)]
}
