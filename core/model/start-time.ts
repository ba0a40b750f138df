/**
 * Whether all that the first point of a cumulative series says was counted `since` then, Unix ms. A start of 0 is unknown, and
 * so is one that is the point's own time: OpenTelemetry's data model has that mean that somebody counted before.
 */
export function isCountedSince(since: number, start: number, time: number): boolean {
  return start > 0 && start >= since && start < time
}
