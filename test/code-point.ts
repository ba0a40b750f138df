import fc from 'fast-check'

const SURROGATES = 0xd800
const BEHIND_SURROGATES = 0xe000
const LAST = 0x10ffff

/** Any character of Unicode. fast-check's own unit `binary` makes a map of all of them first, in a second of each file. */
export const codePoint: fc.Arbitrary<string> = fc.nat(LAST - (BEHIND_SURROGATES - SURROGATES)).map(
  n => String.fromCodePoint(n < SURROGATES ? n : n + BEHIND_SURROGATES - SURROGATES),
  text => numberOf(text as string)
)

/** Throws on a text that is not one character: fast-check then knows that the unit does not make it. */
function numberOf(text: string): number {
  const point = text.codePointAt(0)
  const isOne = point !== undefined && String.fromCodePoint(point) === text
  if (!isOne || (point >= SURROGATES && point < BEHIND_SURROGATES)) throw new Error(`${text} is not one character`)
  return point < SURROGATES ? point : point - (BEHIND_SURROGATES - SURROGATES)
}
