/**
 * True where a cumulative point says since when it counts. One without a start does not, nor one that starts at its own
 * time. By OpenTelemetry's data model that is where somebody first saw a count that had begun before. Such a first point
 * adds nothing, and the next one adds the difference to it. Times are in Unix ms.
 */
export function hasKnownStart(start: number, time: number): boolean {
  return start > 0 && start < time
}
