/** The NaN that ends a series, as the two halves of its bits. JavaScript may change the bits of a NaN that it carries. */
export const STALE_MARKER = { high: 0x7ff00000, low: 2 }

/** True if the double at `at` ends a series. Nothing is read at or past `limit`. */
export function isStaleMarker(view: DataView, at: number, limit: number): boolean {
  const { high, low } = STALE_MARKER
  return at + 8 <= limit && view.getUint32(at + 4, true) === high && view.getUint32(at, true) === low
}
