import type { KafkaRecord, RecordsBatch } from '@platformatic/kafka'
import { decodeRecordId, RECORD_ID_HEADER, type RecordId } from '../../core/kafka/record-id.ts'
import { joinBlocks } from '../../core/model/join.ts'
import type { PartitionEntries, PartitionEntry } from '../../sdk/plugin/index.ts'
import { BadInputError, type Block, type CheckpointParticipant, openState, sealState } from '../../sdk/plugin/index.ts'
import type { Decoded } from './decoder.ts'
import type { Tick } from './progress.ts'
import { endOf } from './record-batches.ts'
import { SeenRecords } from './seen-records.ts'

const VERSION = 1

export interface EntriesHost {
  decode(record: KafkaRecord, time: number): Decoded
  /** A record that can never be read. */
  deadLetter(record: KafkaRecord, offset: number, error: BadInputError): void
  rejected(reason: string, items: number): void
  repeated(): void
}

/**
 * Turns batches of records into entries. A batch is what one producer sent in one request, and brokers keep it as it
 * came. So the entries are the same whenever it is read, and their time is that of the batch.
 */
export class RecordEntries implements PartitionEntries, CheckpointParticipant {
  readonly #host: EntriesHost
  readonly #seen = new SeenRecords()
  #batches: RecordsBatch[] = []
  #bytes = 0
  /** Offset behind the last record that was added. */
  #end: number
  #ticks: Tick[]
  /** Offset of the record that is read next. */
  #next: number
  /** Unix ms: that of the latest entry. */
  #time = 0
  /** Nothing is read until it is known whether a tick was committed. */
  isHeld = false
  /** Ids of the records of the entry that was read last. */
  #lastRead: { readonly number: number; readonly ids: readonly RecordId[]; readonly time: number } | undefined
  /** Called when batches were read, so that there is room for others. */
  onRoom = () => {}
  /** The entry that processors get next. */
  forwardedBefore: () => number

  /** @param ticks that an earlier run had committed, from `next` on */
  constructor(next: number, ticks: readonly Tick[], host: EntriesHost) {
    this.#host = host
    this.#next = next
    this.#end = next
    this.#ticks = [...ticks]
    this.forwardedBefore = () => next
  }

  /** Bytes of the records that wait, as they are in memory. */
  get bytes(): number {
    return this.#bytes
  }

  get unread(): number {
    return this.isHeld ? 0 : this.#batches.length + (this.#isTickDue ? 1 : 0)
  }

  /** Batches that were added before are left out: while a partition moves, two brokers may answer for it. */
  add(batches: readonly RecordsBatch[]): void {
    for (const batch of batches) {
      const end = endOf(batch)
      if (end <= this.#end) continue
      this.#end = end
      this.#batches.push(batch)
      this.#bytes += bytesOf(batch)
    }
  }

  /** Offset of the record that is read next. */
  get next(): number {
    return this.#next
  }

  /** Time went by before the record that is read next. */
  addTick(time: number): void {
    this.#ticks.push([this.#next, time])
  }

  read(): PartitionEntry | undefined {
    if (this.isHeld) return undefined
    this.#settleLast()
    return this.#tick() ?? this.#nextBatch()
  }

  snapshot(): Uint8Array {
    if (this.#lastRead !== undefined && this.forwardedBefore() > this.#lastRead.number) this.#settleLast()
    return sealState(VERSION, { time: this.#time, seen: this.#seen.snapshot() })
  }

  restore(state: Uint8Array): void {
    const { time, seen } = openState(VERSION, state) as { readonly time: number; readonly seen: Uint8Array }
    this.#time = time
    this.#seen.restore(seen)
  }

  /** The entry that was read last has been forwarded: its records count as seen. */
  #settleLast(): void {
    if (this.#lastRead === undefined) return
    const { ids, time } = this.#lastRead
    for (const id of ids) this.#seen.add(id, time)
    this.#seen.expire(time)
    this.#lastRead = undefined
  }

  get #isTickDue(): boolean {
    return this.#ticks.length > 0 && this.#ticks[0][0] <= this.#next
  }

  #tick(): PartitionEntry | undefined {
    if (!this.#isTickDue) return undefined
    const [, time] = this.#ticks.shift()!
    this.#time = Math.max(this.#time, time)
    return { number: this.#next - 1, time: this.#time, block: undefined }
  }

  /** One entry for all items of a batch; it has the offset of the last record. */
  #nextBatch(): PartitionEntry | undefined {
    const batch = this.#batches.shift()
    if (batch === undefined) return undefined
    this.#bytes -= bytesOf(batch)
    this.onRoom()
    this.#time = Math.max(this.#time, Number(batch.maxTimestamp))
    const number = endOf(batch) - 1
    const ids = new Map<string, RecordId>()
    const blocks: Block[] = []
    for (const record of batch.records) {
      const offset = Number(batch.firstOffset) + record.offsetDelta
      if (offset < this.#next || !this.#isNew(record, ids)) continue
      const block = this.#decode(record, offset)
      if (block !== undefined) blocks.push(block)
    }
    this.#next = number + 1
    this.#lastRead = { number, ids: [...ids.values()], time: this.#time }
    return { number, time: this.#time, block: blocks.length === 0 ? undefined : joinBlocks(blocks) }
  }

  /** @param ids of the records before it in the same batch */
  #isNew(record: KafkaRecord, ids: Map<string, RecordId>): boolean {
    const id = idOf(record)
    if (id === undefined) return true
    const key = `${id.producer} ${id.number}`
    if (ids.has(key) || this.#seen.has(id)) {
      this.#host.repeated()
      return false
    }
    ids.set(key, id)
    return true
  }

  #decode(record: KafkaRecord, offset: number): Block | undefined {
    try {
      const { block, rejected } = this.#host.decode(record, this.#time)
      for (const [reason, items] of rejected) this.#host.rejected(reason, items)
      return block.length === 0 ? undefined : block
    } catch (error) {
      if (!BadInputError.is(error)) throw error
      this.#host.deadLetter(record, offset, error)
      return undefined
    }
  }
}

/** A batch's own length is that of its compressed records. */
const bytesOf = ({ records }: RecordsBatch) => records.reduce((sum, { length }) => sum + length, 0)

function idOf({ headers }: KafkaRecord): RecordId | undefined {
  for (const [name, value] of headers)
    if (name !== null && value !== null && name.toString() === RECORD_ID_HEADER) return decodeRecordId(value)
  return undefined
}
