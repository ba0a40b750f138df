import { randomFillSync } from 'node:crypto'

/** Two for the parent, then one for each half of 256 words. */
const SECRETS = 514
const FIRST_OF_KEY = 2

/** The secrets of one process. Who does not know them cannot make keys that collide. */
export type Secrets = Int32Array

export const newSecrets = (): Secrets => randomFillSync(new Int32Array(SECRETS))

/** A hash of 32 bits. `parent` is a part of the key. */
export type KeyHash = (secrets: Secrets, parent: number, view: DataView, start: number, end: number) => number

/**
 * NH, a universal hash: a secret is added to each half of a word, and the sums are multiplied. After a KiB the secrets
 * come again; the hash so far is multiplied then, so that blocks do not cancel each other out.
 *
 * https://www.cs.ucdavis.edu/~rogaway/papers/umac-full.pdf
 */
export function hashKey(secrets: Secrets, parent: number, view: DataView, start: number, end: number): number {
  let hash = (end - start) ^ product(parent, secrets[0], secrets[1])
  let secret = FIRST_OF_KEY
  let at = start
  for (; at + 4 <= end; at += 4, secret += 2) {
    if (secret === SECRETS) {
      secret = FIRST_OF_KEY
      hash = Math.imul(hash ^ (hash >>> 15), secrets[1] | 1)
    }
    hash = (hash + product(view.getInt32(at, true), secrets[secret], secrets[secret + 1])) | 0
  }
  if (at < end) {
    if (secret === SECRETS) secret = FIRST_OF_KEY
    hash = (hash + product(lastWord(view, at, end), secrets[secret], secrets[secret + 1])) | 0
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

/** The one to three bytes from `start` to `end`, as a word whose other bytes are zero. */
export function lastWord(view: DataView, start: number, end: number): number {
  if (start + 4 <= view.byteLength) return view.getInt32(start, true) & ((1 << (8 * (end - start))) - 1)
  let word = 0
  for (let i = end - 1; i >= start; i--) word = (word << 8) | view.getUint8(i)
  return word
}

/** A factor of zero would make the other half worth nothing: keys that differ there alone would all collide. */
const NEVER_ZERO = 0x10000

const product = (word: number, low: number, high: number) =>
  Math.imul((((word & 0xffff) + low) & 0xffff) | NEVER_ZERO, (((word >>> 16) + high) & 0xffff) | NEVER_ZERO)
