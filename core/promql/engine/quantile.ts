/** Up to so many numbers, sorting by insertion is faster than by the runtime. */
const FEW = 64

/** The quantile of `values`, interpolated between neighbors. NaN counts as the smallest value. Sorts `values`. */
export function quantileOf(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const numbers = sortNumbers(values)
  const rank = q * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(values.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  // A neighbor without weight may be infinite.
  if (weight === 0) return ranked(values, numbers, lower)
  return ranked(values, numbers, lower) * (1 - weight) + ranked(values, numbers, upper) * weight
}

/** True if a quantile is out of its bounds: then the result is infinite or NaN, and users are warned. */
export function isOddQuantile(q: number): boolean {
  return !(q >= 0 && q <= 1)
}

/** Sorts numbers to the front, and NaN to the end. Returns how many numbers there are. */
function sortNumbers(values: Float64Array): number {
  if (values.length > FEW) {
    values.sort()
    let count = values.length
    while (count > 0 && Number.isNaN(values[count - 1])) count--
    return count
  }
  let count = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    let at = count++
    for (; at > 0 && values[at - 1]! > value; at--) values[at] = values[at - 1]!
    values[at] = value
  }
  values.fill(NaN, count)
  return count
}

function ranked(sorted: Float64Array, numbers: number, rank: number): number {
  const index = rank - (sorted.length - numbers)
  return index < 0 ? NaN : sorted[index]!
}
