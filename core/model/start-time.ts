/**
 * Whether a cumulative point says since when it counts. One without a start does not, nor one that starts at its own time:
 * by OpenTelemetry's data model that is where somebody first saw a count that had begun before. Such a first point adds
 * nothing, and the next one adds the difference to it. Unix ms.
 */
export function hasKnownStart(start: number, time: number): boolean {
  return start > 0 && start < time
}
