// Entries are told from definitions by these; both start with one. A definition's number is its place in the segment.
export const RESOURCE = 1
export const SCOPE = 2
export const METRIC = 3
export const SERIES = 4
/** Belongs to the entry behind it. */
export const LETTER = 5
export const FIRST_OF_ENTRIES = 16
export const TICK = 18
export const POINTS = 19
export const EVENTS = 20

export const AS_JSON = 0
/** As the series table has them. Earlier versions wrote JSON, or V8's format (1). */
export const AS_BYTES = 2

export const HAS_FLAGS = 1
export const HAS_DISTRIBUTIONS = 2
