const NS_PER_MS = 1e6
// 2^32 ns are 4294 ms and 967,296 ns: this keeps every step within 2^53, so that whole milliseconds come out whole.
const MS_PER_HIGH = 4294
const NS_PER_HIGH = 967_296

/** Unix nanoseconds, as the two halves of a uint64, in Unix milliseconds with a fraction. */
export function unixMs(low: number, high: number): number {
  return high * MS_PER_HIGH + (high * NS_PER_HIGH + low) / NS_PER_MS
}
