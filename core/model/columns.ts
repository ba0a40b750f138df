type Column = Float64Array | Int32Array | Uint32Array | Uint8Array

const INITIAL_CAPACITY = 1024

/** `column`, or a larger copy of it, with room at `index`; new elements are `fill`. */
export function withRoom<T extends Column>(column: T, index: number, fill = 0): T {
  if (index < column.length) return column
  const Kind = column.constructor as new (length: number) => T
  const larger = new Kind(Math.max(INITIAL_CAPACITY, column.length * 2, index + 1))
  if (fill !== 0) larger.fill(fill, column.length)
  larger.set(column)
  return larger
}
