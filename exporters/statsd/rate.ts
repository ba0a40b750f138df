const FLOAT = new Float64Array(1)
const BITS = new BigInt64Array(FLOAT.buffer)
/** Significant digits that tell any two doubles apart. */
const DIGITS = 17

/** `toFixed` writes no more. */
const MOST_DECIMALS = 100

/**
 * A rate that stands for `count` observations in one line: a server divides one by it. It is exact for whole numbers,
 * and undefined for one of them that is the reciprocal of no double. One that is a little smaller has a rate.
 */
export function rateFor(count: number): string | undefined {
  if (!Number.isSafeInteger(count)) return plain(Math.min(1, 1 / count))
  for (const step of [0n, 1n, -1n]) {
    FLOAT[0] = 1 / count
    BITS[0] += step
    const rate = FLOAT[0]
    if (rate <= 1 && 1 / rate === count) return plain(rate)
  }
  return undefined
}

/** Without an exponent, which Etsy's server cannot read. */
function plain(rate: number): string {
  const shortest = String(rate)
  return shortest.includes('e')
    ? rate.toFixed(Math.min(MOST_DECIMALS, DIGITS + Math.ceil(-Math.log10(rate))))
    : shortest
}
