import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Murmur3 } from '../../../../core/model/sketch/murmur3.ts'

/** What the first version gave: fingerprints in saved state must stay what they are. */
const KNOWN = '37699a5128db1cabe5e56188b2674f54'
const hash = new Murmur3()
function hexOf(feed: (hash: Murmur3) => Murmur3): string {
  const words = new Uint32Array(4)
  feed(hash.reset()).finish(words)
  return [...words].map(word => word.toString(16).padStart(8, '0')).join('')
}

const DIFFERENT: [string, (hash: Murmur3) => Murmur3][] = [
  ['nothing', one => one],
  ['empty text', one => one.text('')],
  ['a zero', one => one.text('\0')],
  ['two zeros', one => one.text('\0\0')],
  ['a', one => one.text('a')],
  ['eight', one => one.text('abcdefgh')],
  ['eight and a zero', one => one.text('abcdefgh\0')],
  ['parts', one => one.text('ab').text('c')],
  ['other parts', one => one.text('a').text('bc')],
  ['beyond latin1', one => one.text('ā')],
  ['0', one => one.number(0)],
  ['1', one => one.number(1)],
  ['NaN', one => one.number(Number.NaN)]
]

it('keeps apart texts that differ in ends, lengths and parts', () => {
  const hashes = DIFFERENT.map(([, feed]) => hexOf(feed))
  assert.equal(new Set(hashes).size, DIFFERENT.length)
})

it('is the same in every process', () => {
  assert.equal(
    hexOf(one => one.text('weir').number(42)),
    hexOf(one => one.text('weir').number(42))
  )
  assert.equal(
    hexOf(one => one.text('weir, a metrics pipeline')),
    KNOWN
  )
})

it('each bit of input changes each bit of output in half of the cases', () => {
  const ROUNDS = 2000
  const flips = new Float64Array(128)
  const a = new Uint32Array(4)
  const b = new Uint32Array(4)
  for (let i = 0; i < ROUNDS; i++) {
    hash.reset().text(`id-${i}`).finish(a)
    hash
      .reset()
      .text(`id-${i ^ 1}`)
      .finish(b)
    for (let bit = 0; bit < 128; bit++) flips[bit] += ((a[bit >> 5] ^ b[bit >> 5]) >>> (bit & 31)) & 1
  }
  for (const [bit, count] of flips.entries()) assert.ok(Math.abs(count / ROUNDS - 0.5) < 0.06, `bit ${bit}: ${count}`)
})

it('a million numbered ids have distinct 64-bit halves', () => {
  const words = new Uint32Array(4)
  const seen = new Set<number>()
  for (let i = 0; i < 1_000_000; i++) {
    hash.reset().text(`event-${i}`).finish(words)
    seen.add(words[0] * 2 ** 20 + (words[1] >>> 12))
  }
  assert.ok(seen.size >= 999_999)
})
