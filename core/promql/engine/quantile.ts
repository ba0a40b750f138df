/** Up to so many numbers are sorted by insertion. Of more, only those around the rank find their places. */
const FEW = 16

/** The quantile of `values`, interpolated between neighbors. NaN counts as the smallest value. Changes their order. */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const rank = q * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const weight = rank - Math.floor(rank)
  const absent = nanToFront(values)
  const low = ranked(values, absent, lower)
  // A neighbor without weight may be infinite.
  if (weight === 0) return low
  let next = Number.POSITIVE_INFINITY
  for (let i = lower + 1; i < values.length; i++) next = Math.min(next, values[i]!)
  return low * (1 - weight) + next * weight
}

/** True if a quantile is out of its bounds: then the result is infinite or NaN, and users are warned. */
export function isOddQuantile(q: number): boolean {
  return !(q >= 0 && q <= 1)
}

/** Returns how many NaN there are. */
function nanToFront(values: Float64Array): number {
  let absent = 0
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) continue
    values[i] = values[absent]!
    values[absent++] = Number.NaN
  }
  return absent
}

/**
 * The value that has place `rank` in rising order. It is put there, with no larger ones in front of it and no smaller ones
 * behind, by Hoare's selection: https://en.wikipedia.org/wiki/Quickselect
 * @param from values in front of it are NaN, and have their places
 */
function ranked(values: Float64Array, from: number, rank: number): number {
  if (rank < from) return Number.NaN
  let low = from
  let high = values.length - 1
  while (high - low >= FEW) {
    const pivot = middleOf(values[low]!, values[(low + high) >>> 1]!, values[high]!)
    let left = low
    let right = high
    while (left <= right) {
      while (values[left]! < pivot) left++
      while (values[right]! > pivot) right--
      if (left > right) break
      const value = values[left]!
      values[left++] = values[right]!
      values[right--] = value
    }
    if (rank <= right) high = right
    else if (rank >= left) low = left
    else return values[rank]!
  }
  sortFew(values, low, high)
  return values[rank]!
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}

function sortFew(values: Float64Array, low: number, high: number): void {
  for (let i = low + 1; i <= high; i++) {
    const value = values[i]!
    let at = i
    for (; at > low && values[at - 1]! > value; at--) values[at] = values[at - 1]!
    values[at] = value
  }
}
