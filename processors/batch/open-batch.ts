import { joinBlocks } from '../../core/model/join.ts'
import { Batch, type Block } from '../../sdk/plugin/index.ts'

/** Handles that will be one batch. */
export class OpenBatch {
  readonly source: string
  items = 0
  bytes = 0
  #parts: Batch[] = []

  constructor(source: string) {
    this.source = source
  }

  get blocks(): readonly Block[] {
    return this.#parts.map(({ block }) => block)
  }

  add(part: Batch, bytes: number): void {
    this.items += part.block.length
    this.bytes += bytes
    this.#parts.push(part)
  }

  /** One batch of all parts; each is settled as it is. */
  close(): Batch {
    const parts = this.#parts
    if (parts.length === 1) return parts[0]
    return Batch.merge(parts, joinBlocks(this.blocks))
  }
}
