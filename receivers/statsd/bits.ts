import { find } from './sections.ts'

const COLON = 58
const PIPE = 124
const HASH = 35
const SMALL_C = 99

/**
 * The end of the first bit of `bytes` from `start` to `end`. Etsy's StatsD takes several bits to a line, each with a
 * type and a rate of its own: `name:1|c:320|ms|@0.5`. A colon in a type or a rate ends a bit. Colons in tags and in the
 * container are part of them.
 */
export function endOfBit(bytes: Buffer, start: number, end: number): number {
  const type = find(bytes, PIPE, start, end)
  for (let section = type; section < end; ) {
    let next = section + 1
    while (next < end && bytes[next] !== PIPE && bytes[next] !== COLON) next++
    // `|c:` is the container of DogStatsD if a type came before it, and else a counter and another bit.
    const isContainer = section !== type && next === section + 2 && bytes[section + 1] === SMALL_C
    const isAtColon = next < end && bytes[next] === COLON
    if (bytes[section + 1] === HASH || (isContainer && isAtColon)) return end
    if (isAtColon) return next
    section = next
  }
  return end
}
