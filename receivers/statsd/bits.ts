import { find } from './sections.ts'

const COLON = 58
const PIPE = 124
const HASH = 35
/** Sections whose colon is part of them: container, external data, cardinality. */
const WITH_COLON = ['c', 'e', 'card']

/**
 * The end of the first bit of `bytes` from `start` to `end`. Etsy's StatsD takes several bits to a line, each with a
 * type and a rate of its own: `name:1|c:320|ms|@0.5`. A colon in a type or a rate ends a bit. Colons in tags and in the
 * container are part of them, and so is the rest of a line with them.
 */
export function endOfBit(bytes: Buffer, start: number, end: number): number {
  const type = find(bytes, PIPE, start, end)
  for (let section = type; section < end; ) {
    let next = section + 1
    while (next < end && bytes[next] !== PIPE && bytes[next] !== COLON) next++
    const isAtColon = next < end && bytes[next] === COLON
    // `|c:` is the container of DogStatsD if a type came before it, and else a counter and another bit.
    const isOrigin = section !== type && isAtColon && WITH_COLON.includes(bytes.toString('latin1', section + 1, next))
    if (bytes[section + 1] === HASH || isOrigin) return end
    if (isAtColon) return next
    section = next
  }
  return end
}
