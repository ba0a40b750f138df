import { murmur2, partitionOf } from '../../core/kafka/murmur2.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import { requestName } from '../../core/wire/otlp/client-number.ts'
import {
  type Attributes,
  attributeText,
  type Block,
  type EventBlock,
  findAttribute,
  type Series
} from '../../sdk/plugin/index.ts'
import { NOBODY, type Sender } from './senders.ts'

/** Rows of a block that become records of their own. */
export interface RecordRows {
  readonly partition: number
  readonly sender: Sender
  readonly rows: readonly number[]
}

/** Between the parts of a key: no text of attributes begins with it by chance. */
const SEPARATOR = '\0'

/**
 * Gives each item its partition: that of the key `name\0key=value\0…`, as Java's client places a record with that key.
 * With `by`, the key is the values of these attributes alone.
 */
export class Partitioner {
  readonly #by: readonly string[]
  /** Keys are some hundred bytes: hashed for each point they would take a tenth of an export. */
  readonly #hashes: SeriesMemo<number>

  constructor(by: readonly string[]) {
    this.#by = by
    this.#hashes = new SeriesMemo(series => murmur2(Buffer.from(this.#keyOfSeries(series))))
  }

  /** All rows of the block, in groups by partition and sender. */
  rowsOf(block: Block, partitions: number, senderOf: (row: number) => Sender): RecordRows[] {
    const groups = new Map<number | string, RecordRows & { readonly rows: number[] }>()
    for (let row = 0; row < block.length; row++) {
      const hash =
        block.type === 'points'
          ? this.#hashes.get(block.series, row)
          : murmur2(Buffer.from(this.#keyOfEvent(block, row)))
      const partition = partitionOf(hash, partitions)
      const sender = senderOf(row)
      const group = sender === NOBODY ? partition : `${partition} ${nameOf(sender)}`
      const own = groups.get(group)
      if (own === undefined) groups.set(group, { partition, sender, rows: [row] })
      else own.rows.push(row)
    }
    return [...groups.values()]
  }

  #keyOfSeries({ metric, attributes, resource }: Series): string {
    if (this.#by.length === 0) return [metric.name, ...pairs(attributes), ...pairs(resource.attributes)].join(SEPARATOR)
    return this.#by.map(key => textOf(key, attributes) ?? textOf(key, resource.attributes) ?? '').join(SEPARATOR)
  }

  /** An event that is sent again has the same id, so it comes to the same deduplication. */
  #keyOfEvent({ name, id, attributes }: EventBlock, row: number): string {
    const own = attributes[row]
    if (this.#by.length > 0) return this.#by.map(key => textOf(key, own) ?? '').join(SEPARATOR)
    return id[row] ?? [name[row], ...pairs(own)].join(SEPARATOR)
  }
}

const nameOf = ({ tenant, number }: Sender) => `${tenant} ${number === undefined ? '' : requestName(number)}`

const pairs = (attributes: Attributes) => attributes.map(([key, value]) => `${key}=${attributeText(value)}`)

function textOf(key: string, attributes: Attributes): string | undefined {
  const value = findAttribute(attributes, key)
  return value === undefined ? undefined : attributeText(value)
}
