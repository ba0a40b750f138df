// The reading side of ClickHouse's `Native` format: https://clickhouse.com/docs/interfaces/formats/Native. An answer is
// blocks, each of them columns and rows in number, then name, type and data of each column.

import { Pieces } from './pieces.ts'

export type Numbers = Float64Array | Uint8Array | Int8Array | Int32Array | Uint16Array | Uint32Array

/** `ends[row]` is the index behind the last item of the row; its first is the end of the row before. */
export interface ListColumn {
  readonly ends: Float64Array
  readonly items: Column
  /** Of maps. */
  readonly keys: Column | undefined
}

type Column = Numbers | BigUint64Array | readonly string[] | NullableColumn | ListColumn

/** 1 in `nulls` where there is no value. */
export interface NullableColumn {
  readonly nulls: Uint8Array
  readonly values: Numbers
}

/** Constructors of columns that are numbers side by side, and the bytes of one. */
const NUMBER_TYPES: Readonly<Record<string, (bytes: ArrayBuffer) => Numbers | BigUint64Array>> = {
  Float64: bytes => new Float64Array(bytes),
  UInt8: bytes => new Uint8Array(bytes),
  Int8: bytes => new Int8Array(bytes),
  Int32: bytes => new Int32Array(bytes),
  UInt16: bytes => new Uint16Array(bytes),
  UInt32: bytes => new Uint32Array(bytes),
  UInt64: bytes => new BigUint64Array(bytes)
}
const NUMBER_BYTES: Readonly<Record<string, number>> = {
  Float64: 8,
  UInt8: 1,
  Int8: 1,
  Int32: 4,
  UInt16: 2,
  UInt32: 4,
  UInt64: 8
}

/** The columns of one block, by name. Asking for one that is missing, or of another type, is a fault of the caller. */
export class NativeColumns {
  readonly rows: number
  readonly #columns: ReadonlyMap<string, Column>

  constructor(rows: number, columns: ReadonlyMap<string, Column>) {
    this.rows = rows
    this.#columns = columns
  }

  numbers(name: string): Numbers {
    return asNumbers(this.#column(name))
  }

  /** Unsigned 64-bit integers. */
  ids(name: string): BigUint64Array {
    return asIds(this.#column(name))
  }

  texts(name: string): readonly string[] {
    return asTexts(this.#column(name))
  }

  list(name: string): ListColumn {
    return asList(this.#column(name))
  }

  #column(name: string): Column {
    const column = this.#columns.get(name)
    if (column === undefined) throw new TypeError(`there is no column ${name} in the answer`)
    return column
  }
}

/** The column as numbers. Throws if it is of another type. */
export function asNumbers(column: Column | undefined): Numbers {
  if (ArrayBuffer.isView(column) && !(column instanceof BigUint64Array)) return column as Numbers
  throw new TypeError('the column is not one of numbers')
}

/** The column as texts. Throws if it is of another type. */
export function asTexts(column: Column | undefined): readonly string[] {
  if (Array.isArray(column)) return column
  throw new TypeError('the column is not one of texts')
}

/** The column as unsigned numbers of 64 bits. Throws if it is of another type. */
export function asIds(column: Column | undefined): BigUint64Array {
  if (column instanceof BigUint64Array) return column
  throw new TypeError('the column is not one of ids')
}

/** The column as lists or maps. Throws if it is of another type. */
export function asList(column: Column | undefined): ListColumn {
  if (column !== undefined && 'ends' in column) return column
  throw new TypeError('the column is not one of lists')
}

/** The column as numbers that may be missing. Throws if it is of another type. */
export function asNullable(column: Column | undefined): NullableColumn {
  if (column !== undefined && 'nulls' in column) return column
  throw new TypeError('the column is not one of numbers that may be missing')
}

/** The blocks of a whole answer, in the pieces that it came in. Throws if it is cut off. */
export function* readNative(pieces: readonly Uint8Array[]): Generator<NativeColumns> {
  const reader = new Reader(pieces)
  while (!reader.isAtEnd) {
    const width = reader.varint()
    const rows = reader.varint()
    const columns = new Map<string, Column>()
    for (let i = 0; i < width; i++) {
      const name = reader.text()
      columns.set(name, reader.column(reader.text(), rows))
    }
    yield new NativeColumns(rows, columns)
  }
}

class Reader {
  readonly #bytes: Pieces

  constructor(pieces: readonly Uint8Array[]) {
    this.#bytes = new Pieces(pieces)
  }

  get isAtEnd(): boolean {
    return this.#bytes.isAtEnd
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes.byte()
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  text(): string {
    return this.#bytes.text(this.varint())
  }

  column(type: string, rows: number): Column {
    const [outer, inner] = takenApart(type)
    if (outer in NUMBER_TYPES) return this.#numbers(outer, rows)
    if (outer === 'String') return Array.from({ length: rows }, () => this.text())
    if (outer === 'Array') return this.#list(undefined, inner[0], rows)
    if (outer === 'Map') return this.#list(inner[0], inner[1], rows)
    // The function tells how rows merge: the data is that of its argument.
    if (outer === 'SimpleAggregateFunction') return this.column(inner[1], rows)
    if (outer !== 'Nullable') throw new TypeError(`columns of type ${type} are not read here`)
    const nulls = this.#numbers('UInt8', rows) as Uint8Array
    return { nulls, values: asNumbers(this.column(inner[0], rows)) }
  }

  #list(keyType: string | undefined, itemType: string, rows: number): ListColumn {
    // Numbers of items are below 2^53.
    const ends = Float64Array.from(this.#numbers('UInt64', rows) as BigUint64Array, Number)
    const items = ends.at(-1) ?? 0
    const keys = keyType === undefined ? undefined : this.column(keyType, items)
    return { ends, keys, items: this.column(itemType, items) }
  }

  #numbers(type: string, rows: number): Numbers | BigUint64Array {
    return NUMBER_TYPES[type](this.#bytes.bytes(rows * NUMBER_BYTES[type]))
  }
}

/** `Map(Int32, Float64)` → `Map` and its two arguments. */
function takenApart(type: string): readonly [outer: string, inner: readonly string[]] {
  const open = type.indexOf('(')
  if (open < 0) return [type, []]
  const inner: string[] = []
  let depth = 0
  let from = open + 1
  for (let i = from; i < type.length - 1; i++) {
    if (type[i] === '(') depth++
    else if (type[i] === ')') depth--
    else if (type[i] === ',' && depth === 0) {
      inner.push(type.slice(from, i).trim())
      from = i + 1
    }
  }
  inner.push(type.slice(from, -1).trim())
  return [type.slice(0, open), inner]
}
