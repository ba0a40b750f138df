/** The quantile of `values`, interpolated between neighbors. NaN counts as the smallest value. Sorts `values`. */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  values.sort()
  const numbers = countNumbers(values)
  const rank = q * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(values.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return ranked(values, numbers, lower) * (1 - weight) + ranked(values, numbers, upper) * weight
}

/** Typed arrays sort NaN to their end. */
function countNumbers(sorted: Float64Array): number {
  let count = sorted.length
  while (count > 0 && Number.isNaN(sorted[count - 1])) count--
  return count
}

function ranked(sorted: Float64Array, numbers: number, rank: number): number {
  const index = rank - (sorted.length - numbers)
  return index < 0 ? NaN : sorted[index]!
}

/** True if a quantile is out of its bounds: then the result is infinite or NaN, and users are warned. */
export function isOddQuantile(q: number): boolean {
  return !(q >= 0 && q <= 1)
}
