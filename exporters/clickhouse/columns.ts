import { type Attributes, attributeText } from '../../core/model/attributes.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock } from '../../core/model/points.ts'
import type { NativeBlock, NestedColumn } from './native-format.ts'

/** Ends a row of a `Map(String, String)` column. */
export function addAttributes(column: NestedColumn, attributes: Attributes): void {
  for (const [key, value] of attributes) {
    column.keys.text(key)
    column.values.text(attributeText(value))
  }
  column.endRow(attributes.length)
}

/** The values, with NaN for the end of a series: its value means nothing. */
export function valuesOf(block: PointBlock): Float64Array {
  let values = block.value
  for (let i = 0; i < block.length; i++) {
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) === 0) continue
    if (values === block.value) values = block.value.slice()
    values[i] = Number.NaN
  }
  return values
}

/** The values at `indices`, which rise; the values themselves if those are all. */
export function pick<T extends Float64Array | Uint8Array>(values: T, indices: Uint32Array): T {
  if (indices.length === values.length) return values
  const picked = new (values.constructor as new (length: number) => T)(indices.length)
  for (let row = 0; row < indices.length; row++) picked[row] = values[indices[row]]
  return picked
}

/** The column `name`: a block has few names. */
export class NameColumn {
  #dictionary = new Map<string, number>()
  #indices: Uint32Array

  constructor(rows: number) {
    this.#indices = new Uint32Array(rows)
  }

  set(row: number, name: string): void {
    let index = this.#dictionary.get(name)
    if (index === undefined) {
      index = this.#dictionary.size
      this.#dictionary.set(name, index)
    }
    this.#indices[row] = index
  }

  write(block: NativeBlock): void {
    block.lowCardinality('name', [...this.#dictionary.keys()], this.#indices)
  }
}
