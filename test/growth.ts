import assert from 'node:assert/strict'

const MOST_ROUNDS = 8
const FACTOR = 4
/** Time that grows with the square grows by 16; the rest is for garbage collection and a busy machine. */
const MOST_GROWTH = 9
/** Work that is quicker says nothing of its growth: a page fault would be most of it. */
const LEAST_MS = 3

/**
 * Asserts that `decode` takes time in proportion to its input: runs it on inputs of `size` and of four times as many
 * fields, in turns, until the best times say so.
 */
export function assertLinear<T>(
  name: string,
  size: number,
  make: (size: number) => T,
  decode: (input: T) => void
): void {
  const [small, large] = [make(size), make(size * FACTOR)]
  let [bestOfSmall, bestOfLarge] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let i = 0; i < MOST_ROUNDS; i++) {
    bestOfSmall = Math.min(
      bestOfSmall,
      elapsedMs(() => decode(small))
    )
    bestOfLarge = Math.min(
      bestOfLarge,
      elapsedMs(() => decode(large))
    )
    if (bestOfLarge < MOST_GROWTH * Math.max(bestOfSmall, LEAST_MS)) return
  }
  const times = `${bestOfSmall.toFixed(1)} ms for ${size}, ${bestOfLarge.toFixed(1)} ms for ${size * FACTOR}`
  assert.fail(`${name}: ${times}`)
}

function elapsedMs(work: () => void): number {
  const started = performance.now()
  work()
  return performance.now() - started
}
