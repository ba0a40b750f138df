import type { FloatHistogram } from '../histogram/float-histogram.ts'
import type { Labels } from '../labels.ts'

/** Kinds of cells: the sample that a row has at a time. */
export const NONE = 0
export const FLOAT = 1
export const HISTOGRAM = 2

export type CellKind = typeof NONE | typeof FLOAT | typeof HISTOGRAM

/** One series of a vector, at all evaluation times. Rows may share their columns, so nobody changes them once they are made. */
export interface Row {
  readonly labels: Labels
  /** The metric's name is dropped at the end of the query: only with `delayedNameRemoval`. */
  readonly dropName: boolean
  /** Values of cells of kind `FLOAT`. Others are 0. */
  readonly values: Float64Array
  /** One {@link CellKind} for each time. */
  readonly kinds: Uint8Array
  /** Histograms of cells of kind `HISTOGRAM`. Undefined if and only if there are none. */
  histograms: (FloatHistogram | undefined)[] | undefined
}

export function setHistogram(row: Row, index: number, histogram: FloatHistogram): void {
  row.kinds[index] = HISTOGRAM
  row.histograms ??= new Array<FloatHistogram | undefined>(row.kinds.length).fill(undefined)
  row.histograms[index] = histogram
}

/** Copies the cell of `from` at `source` into `to` at `index`. */
export function copyCell(from: Row, source: number, to: Row, index: number): void {
  const kind = from.kinds[source]!
  if (kind === HISTOGRAM) return setHistogram(to, index, from.histograms![source]!)
  to.kinds[index] = kind
  to.values[index] = from.values[source]!
}

/** True if the row has a sample at any time. */
export function isPresent(row: Row): boolean {
  const { kinds } = row
  for (let i = 0; i < kinds.length; i++) if (kinds[i] !== NONE) return true
  return false
}

/** Indices of the cells that have a sample. */
export function presentCells(kinds: Uint8Array): Uint32Array {
  const present = new Uint32Array(kinds.length)
  let count = 0
  for (let i = 0; i < kinds.length; i++) if (kinds[i] !== NONE) present[count++] = i
  return present.subarray(0, count)
}

/** The values at these indices. */
export function gathered(values: Float64Array, indices: Uint32Array): Float64Array {
  const found = new Float64Array(indices.length)
  for (let i = 0; i < indices.length; i++) found[i] = values[indices[i]!]!
  return found
}
