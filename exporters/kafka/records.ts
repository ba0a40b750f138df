import { WeirRecordEncoder } from '../../core/kafka/weir-record.ts'
import { LogsEncoder } from '../../core/wire/otlp/logs-encoder.ts'
import { MetricsEncoder } from '../../core/wire/otlp/metrics-encoder.ts'
import { ProtobufWriter } from '../../core/wire/protobuf/writer.ts'
import { type AttributeValue, type Block, type EventBlock, sliceBlock } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

/** One record of a partition: its value, and the number of items in it. */
export interface EncodedRecord {
  readonly value: Buffer
  readonly items: number
}

/** Writes the items of one partition as records. */
export class RecordEncoder {
  readonly #encoding: Config['encoding']
  readonly #maxBytes: number
  readonly #blocks = new WeirRecordEncoder()
  readonly #writer = new ProtobufWriter()
  readonly #metrics = new MetricsEncoder(this.#writer)
  readonly #logs = new LogsEncoder(this.#writer)

  /** @param maxBytes of a record. An item that is larger by itself has a record of its own */
  constructor(encoding: Config['encoding'], maxBytes: number) {
    this.#encoding = encoding
    this.#maxBytes = maxBytes
  }

  encode(block: Block): EncodedRecord[] {
    if (this.#encoding === 'json' && block.type === 'events') return jsonRecords(block)
    const value = this.#encodeAll(block)
    if (value.length <= this.#maxBytes || block.length === 1) return [{ value, items: block.length }]
    const half = block.length >> 1
    return [...this.encode(sliceBlock(block, 0, half)), ...this.encode(sliceBlock(block, half, block.length))]
  }

  #encodeAll(block: Block): Buffer {
    if (this.#encoding === 'weir') return this.#blocks.encode(block)
    return Buffer.from(block.type === 'points' ? this.#metrics.encode(block) : this.#logs.encode(block))
  }
}

function jsonRecords({ length, time, name, id, value, attributes }: EventBlock): EncodedRecord[] {
  const records: EncodedRecord[] = []
  for (let row = 0; row < length; row++) {
    const event = {
      name: name[row],
      timestamp: time[row],
      id: id[row],
      value: value[row] === 1 ? undefined : value[row],
      attributes: Object.fromEntries(attributes[row])
    }
    records.push({ value: Buffer.from(JSON.stringify(event, asJson)), items: 1 })
  }
  return records
}

/** JSON has neither bytes nor integers beyond 2^53; both are texts there, as in protobuf's JSON. */
function asJson(this: unknown, key: string, value: AttributeValue): unknown {
  const own = (this as Record<string, unknown>)[key]
  if (typeof value === 'bigint') return String(value)
  return own instanceof Uint8Array ? Buffer.from(own).toString('base64') : value
}
