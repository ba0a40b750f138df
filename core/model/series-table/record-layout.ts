// A record, in words of 32 bits:
//
//   0 parent     FREE in a record that is free
//   1 length     of the key, in bytes
//   2 follower   the record that was found after this one last time
//   3 id
//   4 next       another record with the same id; of a free record the next free one of its size
//   5 seen       the epoch in which it was found last; an id's first record counts for all
//   6 …          the key's bytes; those behind its end are zero
//
// Records are in pages of 4 MiB. A record is named by its page and its first word there, in 32 bits.

export const PARENT = 0
export const LENGTH = 1
export const FOLLOWER = 2
export const ID = 3
export const NEXT = 4
export const SEEN = 5
export const HEADER = 6

export const PAGE_BITS = 20
export const IN_PAGE = 2 ** PAGE_BITS - 1
/** No record: the one of that name is always free. */
export const NO_RECORD = 0
/** No parent is this, so that a free record matches no key. */
export const FREE = -1

/** A record is in one page. */
export const PAGE_BYTES = 4 * 2 ** PAGE_BITS
/** Bytes behind each page, so that keys can be copied without a look at their lengths. */
export const SPARE = 32

/** Words of a record. @param keyLength in bytes */
export const wordsOf = (keyLength: number) => HEADER + ((keyLength + 3) >>> 2)
