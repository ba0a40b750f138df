import type { KafkaRecord } from '@platformatic/kafka'
import type { RecordBatch } from '../../core/kafka/record-batch.ts'
import { decodeRecordId, RECORD_ID_HEADER, type RecordId } from '../../core/kafka/record-id.ts'
import { joinBlocks } from '../../core/model/join.ts'
import type { PartitionEntries, PartitionEntry } from '../../sdk/plugin/index.ts'
import { BadInputError, type Block, type CheckpointParticipant, openState, sealState } from '../../sdk/plugin/index.ts'
import type { Decoded } from './decoder.ts'
import type { Tick } from './progress.ts'
import { SeenRecords } from './seen-records.ts'

const VERSION = 1

/** With the ids of its records. */
interface BatchEntry extends PartitionEntry {
  readonly ids: readonly RecordId[]
}

export interface EntriesHost {
  decode(record: KafkaRecord, time: number): Decoded
  /** The name of the request that the record is of, if somebody wants to know. */
  requestOf(record: KafkaRecord): string | undefined
  /** A record that can never be read. */
  deadLetter(record: Pick<KafkaRecord, 'value' | 'headers'>, offset: number, error: BadInputError): void
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
  #batches: RecordBatch[] = []
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
  /** The entry that was read last. */
  #lastRead: BatchEntry | undefined
  /** Entries of the batch that was decoded last. */
  #decoded: BatchEntry[] = []
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

  /** Bytes of the batches that wait, as they came. */
  get bytes(): number {
    return this.#bytes
  }

  get unread(): number {
    return this.isHeld ? 0 : this.#decoded.length + this.#batches.length + (this.#isTickDue ? 1 : 0)
  }

  /** Batches that were added before are left out: while a partition moves, two brokers may answer for it. */
  add(batches: readonly RecordBatch[]): void {
    for (const batch of batches) {
      if (batch.end <= this.#end) continue
      this.#end = batch.end
      this.#batches.push(batch)
      this.#bytes += batch.bytes.length
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
    return this.#tick() ?? this.#nextOfBatch()
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

  #nextOfBatch(): PartitionEntry | undefined {
    if (this.#decoded.length === 0) this.#decodeBatch()
    const entry = this.#decoded.shift()
    if (entry === undefined) return undefined
    this.#next = entry.number + 1
    this.#lastRead = entry
    const { number, time, block, request } = entry
    return { number, time, block, request }
  }

  /**
   * One entry for all items of a batch; it has the offset of the last record. Points and events in one batch, as tools
   * that copy topics may join them, are several entries, each up to where the other kind begins. So are records of
   * requests that clients numbered: two with one number are a request that came twice.
   */
  #decodeBatch(): void {
    const batch = this.#batches.shift()
    if (batch === undefined) return
    this.#bytes -= batch.bytes.length
    this.onRoom()
    this.#time = Math.max(this.#time, batch.maxTimestamp)
    const known = new Set<string>()
    let [blocks, ids, last, request]: [Block[], RecordId[], number, string?] = [[], [], this.#next]
    const end = (number: number) => {
      const block = blocks.length === 0 ? undefined : joinBlocks(blocks)
      this.#decoded.push({ number, time: this.#time, block, request, ids })
      blocks = []
      ids = []
    }
    this.#readEach(batch, record => {
      const offset = batch.firstOffset + record.offsetDelta
      const id = idOf(record)
      if (offset < this.#next || !this.#isNew(id, known)) return
      const block = this.#decode(record, offset)
      const own = this.#host.requestOf(record)
      if (block !== undefined) {
        const isNumbered = own !== undefined || request !== undefined
        if (blocks.length > 0 && (isNumbered || block.type !== blocks[0].type)) end(last)
        blocks.push(block)
        request = own
      }
      if (id !== undefined) ids.push(id)
      last = offset
    })
    end(batch.end - 1)
  }

  /** A batch that cannot be read is one record for the dead letters, with the bytes as they came. */
  #readEach(batch: RecordBatch, use: (record: KafkaRecord) => void): void {
    try {
      batch.forEach(use)
    } catch (error) {
      if (!BadInputError.is(error)) throw error
      this.#host.deadLetter({ value: batch.bytes, headers: [] }, batch.firstOffset, error)
    }
  }

  /** @param known ids of the records before it in the same batch */
  #isNew(id: RecordId | undefined, known: Set<string>): boolean {
    if (id === undefined) return true
    const key = `${id.producer} ${id.number}`
    if (known.has(key) || this.#seen.has(id)) {
      this.#host.repeated()
      return false
    }
    known.add(key)
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

function idOf({ headers }: KafkaRecord): RecordId | undefined {
  for (const [name, value] of headers)
    if (name !== null && value !== null && name.toString() === RECORD_ID_HEADER) return decodeRecordId(value)
  return undefined
}
