import { formatDuration } from '../../../core/schema/units.ts'
import { EPOCH } from './harness.ts'

/** A value as the reference sees it: seconds after the epoch of the harness. */
export interface Sample {
  readonly at: number
  readonly value: number
  readonly route: string
  readonly user: string
}

/** A window in seconds. */
export interface Size {
  readonly size: number
  readonly every: number
}

/** `size` and `every` in ms as the attribute `window` has them. */
export function textOf({ size, every }: Size): string {
  const whole = formatDuration(size * 1000)
  return size === every ? whole : `${whole}/${formatDuration(every * 1000)}`
}

/**
 * What each window of each route must be in the end, worked out anew for each of them: by the window's text, route and
 * end in seconds, then by aggregation. Slow, and plain to see.
 */
export function expectedWindows(
  samples: readonly Sample[],
  sizes: readonly Size[]
): Map<string, Record<string, number>> {
  const windows = new Map<string, Record<string, number>>()
  for (const route of new Set(samples.map(sample => sample.route)))
    for (const { size, every } of sizes)
      for (const end of endsOf(samples, size, every)) {
        const inside = samples.filter(one => one.route === route && one.at >= end - size && one.at < end)
        if (inside.length > 0) windows.set(`${textOf({ size, every })} ${route} ${end}`, aggregate(inside))
      }
  return windows
}

/** Ends of all windows that could hold something, in seconds after the epoch of the harness. */
function endsOf(samples: readonly Sample[], size: number, every: number): Set<number> {
  const ends = new Set<number>()
  const offset = (EPOCH / 1000) % every
  for (const { at } of samples) {
    const first = (Math.floor((at + offset) / every) + 1) * every - offset
    for (let end = first; end <= at + size; end += every) ends.add(end)
  }
  return ends
}

function aggregate(samples: readonly Sample[]): Record<string, number> {
  const values = samples.map(({ value }) => value)
  const sum = values.reduce((a, b) => a + b, 0)
  const lastAt = Math.max(...samples.map(({ at }) => at))
  return {
    count: values.length,
    sum,
    min: Math.min(...values),
    max: Math.max(...values),
    avg: sum / values.length,
    last: Math.max(...samples.filter(({ at }) => at === lastAt).map(({ value }) => value)),
    unique: new Set(samples.map(({ user }) => user)).size
  }
}
