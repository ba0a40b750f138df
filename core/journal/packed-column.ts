import type { ByteReader, ByteWriter } from './bytes.ts'

// A column of numbers: one byte that says how, and then nothing, the one number that all are, int32 or float64. What one
// request brings often has one time, and counts are whole and small.
const ZEROS = 0
const SAME = 1
const INTEGERS = 2
const NUMBERS = 3

/** Every bit is kept, also of -0 and of NaN. */
export function addColumn(out: ByteWriter, column: Float64Array): void {
  if (isSame(column)) {
    const isZero = column.length === 0 || Object.is(column[0], 0)
    out.u8(isZero ? ZEROS : SAME)
    if (!isZero) out.f64(column[0])
  } else if (isInteger(column)) {
    out.u8(INTEGERS)
    out.column(new Int32Array(column))
  } else {
    out.u8(NUMBERS)
    out.column(column)
  }
}

export function readColumn(input: ByteReader, length: number): Float64Array {
  const form = input.u8()
  if (form === ZEROS) return new Float64Array(length)
  if (form === SAME) return new Float64Array(length).fill(input.f64())
  if (form === INTEGERS) return new Float64Array(input.i32Column(length))
  if (form === NUMBERS) return input.f64Column(length)
  throw new RangeError(`unknown form ${form} of a column`)
}

function isSame(column: Float64Array): boolean {
  const first = column[0]
  for (let i = 1; i < column.length; i++) if (!Object.is(column[i], first)) return false
  // There are many of these, and written as one they would all be the same one.
  return !Number.isNaN(first)
}

function isInteger(column: Float64Array): boolean {
  for (let i = 0; i < column.length; i++) if (!Object.is(column[i], column[i] | 0)) return false
  return true
}
