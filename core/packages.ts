import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

// Packages at their first use. Most configurations do without, and each takes 1 to 3 MiB and some milliseconds of a start.

/** Snappy by native code. */
export const snappy = () => require('snappy') as typeof import('snappy')
/** CRC-32C by native code. */
export const crc32 = () => require('@node-rs/crc32') as typeof import('@node-rs/crc32')
/** RE2 in JavaScript. */
export const re2js = () => require('re2js') as typeof import('re2js')
/** Distances between texts, for names that are nearly right. */
export const levenshtein = () => require('fastest-levenshtein') as typeof import('fastest-levenshtein')
