/**
 * True if a cumulative point has a known start. A point without a start has none, nor has a point that starts at its
 * own time. By OpenTelemetry's data model the latter marks a count that had begun before it was first seen. Such a
 * first point adds nothing, and the next one adds the difference to it. Times are in Unix ms.
 */
export function hasKnownStart(start: number, time: number): boolean {
  return start > 0 && start < time
}
