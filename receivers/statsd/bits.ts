const COLON = 58
const PIPE = 124
const HASH = 35

/**
 * The end of the first bit of `text` from `start` to `end`. Etsy's StatsD takes several bits to a line, each with a
 * type and a rate of its own: `name:1|c:320|ms|@0.5`. A colon in a type or a rate ends a bit. Colons in tags and in the
 * container are part of them.
 */
export function endOfBit(text: string, start: number, end: number): number {
  let section = text.indexOf('|', start)
  while (section >= 0 && section < end) {
    const first = text.charCodeAt(section + 1)
    let next = section + 1
    while (next < end && text.charCodeAt(next) !== PIPE && text.charCodeAt(next) !== COLON) next++
    if (first === HASH || isContainer(text, section, start)) return end
    if (next < end && text.charCodeAt(next) === COLON) return next
    section = next
  }
  return end
}

/** `|c:` is the container of DogStatsD if a type came before it, and else a counter and another bit. */
function isContainer(text: string, section: number, start: number): boolean {
  return text.startsWith('|c:', section) && text.indexOf('|', start) !== section
}
