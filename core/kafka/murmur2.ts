// MurmurHash2, 32 bits, little-endian, with the seed of Kafka's Java client: its default partitioner puts a record into
// partition (hash & 0x7fffffff) mod partitions.
const SEED = 0x9747b28c
const M = 0x5bd1e995

/** The partition that Java's client would choose for a record whose key has this hash. */
export const partitionOf = (hash: number, partitions: number) => (hash & 0x7fff_ffff) % partitions

/** A signed 32-bit number, as in Java. */
export function murmur2(data: Uint8Array): number {
  const { length } = data
  let hash = SEED ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word = data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24)
    word = Math.imul(word, M)
    word ^= word >>> 24
    hash = Math.imul(hash, M) ^ Math.imul(word, M)
  }
  const left = length - at
  if (left > 2) hash ^= data[at + 2] << 16
  if (left > 1) hash ^= data[at + 1] << 8
  if (left > 0) hash = Math.imul(hash ^ data[at], M)
  hash ^= hash >>> 13
  hash = Math.imul(hash, M)
  return hash ^ (hash >>> 15)
}
