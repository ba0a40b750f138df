import type { KafkaRecord } from '@platformatic/kafka'
import type { RecordBatch } from '../../core/kafka/record-batch.ts'
import { encodeRecordId, RECORD_ID_HEADER } from '../../core/kafka/record-id.ts'
import { WeirError } from '../../sdk/plugin/index.ts'
import type { Committed } from './group.ts'
import type { Progress, StatePointer } from './progress.ts'

/** Producer of all records that tests number: 16 bytes. */
const PRODUCER = Buffer.from('tests of configs')

/** A partition as brokers keep it, in memory. */
interface FedPartition {
  readonly batches: RecordBatch[]
  committed: Committed | undefined
  /** Records of the state topic, by id. */
  readonly states: Map<string, Buffer>
  /** States written so far. */
  written: number
}

/** A topic with its group and the group's states, as brokers keep them, for tests of configurations. */
export class FedTopic {
  readonly #partitions = new Map<number, FedPartition>()

  get partitions(): readonly number[] {
    return [...this.#partitions.keys()]
  }

  /** @param time Unix ms @param number that the producer gave the record, if it gave one */
  append(partition: number, value: Buffer, time: number, number: number | undefined): void {
    const { batches } = this.#of(partition)
    const header =
      number === undefined ? [] : [[Buffer.from(RECORD_ID_HEADER), encodeRecordId(PRODUCER, BigInt(number))]]
    const record = { length: value.length, offsetDelta: 0, key: null, value, headers: header as KafkaRecord['headers'] }
    batches.push({
      firstOffset: batches.length,
      end: batches.length + 1,
      attributes: 0,
      maxTimestamp: Math.trunc(time),
      producerId: -1n,
      length: 1,
      bytes: value,
      forEach: use => use({ ...record, attributes: 0, timestampDelta: 0n })
    })
  }

  /** One record each. */
  batchesOf(partition: number): readonly RecordBatch[] {
    return this.#of(partition).batches
  }

  async committed(partition: number): Promise<Committed | undefined> {
    return this.#of(partition).committed
  }

  async commit(partition: number, offset: number, progress: Progress): Promise<void> {
    this.#of(partition).committed = { offset, progress }
  }

  async write(partition: number, parts: readonly Uint8Array[]): Promise<StatePointer> {
    const own = this.#of(partition)
    const id = String(own.written++)
    own.states.set(id, Buffer.concat(parts))
    return { id, first: id, count: 1 }
  }

  async read(partition: number, { id }: StatePointer): Promise<Buffer> {
    const state = this.#of(partition).states.get(id)
    if (state === undefined) throw new WeirError('STATE_INVALID', `there is no state ${id} of partition ${partition}`)
    return state
  }

  async removeBefore(partition: number, { id }: StatePointer): Promise<void> {
    const { states } = this.#of(partition)
    for (const other of states.keys()) if (Number(other) < Number(id)) states.delete(other)
  }

  async ensure(): Promise<void> {}

  #of(partition: number): FedPartition {
    const known = this.#partitions.get(partition)
    if (known !== undefined) return known
    const made = { batches: [], committed: undefined, states: new Map<string, Buffer>(), written: 0 }
    this.#partitions.set(partition, made)
    return made
  }
}
