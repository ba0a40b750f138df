import { countOf, sumOf } from './requests.ts'
import type { Application, SentPoint } from './traffic.ts'

/** How much was counted. `sum` is undefined where nobody says it. */
export interface Counted {
  count: number
  sum: number | undefined
}

interface Writer {
  time: number
  count: number
  sum: number
}

/**
 * What the points count, by name of the metric: of deltas all that they say; of cumulative ones what each adds to the one
 * before of the same start, of a first one all of it if its start is known and `since` or later, Unix ms.
 */
export function increments(points: readonly SentPoint[], since: number): Map<string, Counted> {
  const totals = new Map<string, Counted>()
  const writers = new Map<Application, Map<number, Writer>>()
  for (const point of points) {
    const { from, isStale, value } = point
    if (isStale || !isIncremental(from) || (isNumber(from) && Number.isNaN(value))) continue
    const total = totals.get(from.name) ?? { count: 0, sum: from.noSum === true ? undefined : 0 }
    totals.set(from.name, total)
    const own = ownOf(point)
    const added = from.temporality === 'delta' ? own : growth(point, own, writersOf(writers, from), since)
    total.count += added.count
    if (total.sum !== undefined) total.sum += added.sum
  }
  return totals
}

export const isIncremental = ({ kind, temporality }: Application): boolean =>
  temporality === 'delta' || (temporality === 'cumulative' && kind !== 'up_down_counter')

const isNumber = ({ kind }: Application): boolean => kind.endsWith('counter') || kind === 'gauge'

const NOTHING = { count: 0, sum: 0 }

function growth(
  point: SentPoint,
  own: Writer,
  writers: Map<number, Writer>,
  since: number
): { count: number; sum: number } {
  const last = writers.get(point.start)
  if (last === undefined) {
    writers.set(point.start, own)
    // One that began at its own time, or later, was counted before by somebody else.
    return point.start < since || point.start >= point.time ? NOTHING : own
  }
  if (point.time <= last.time) return NOTHING
  writers.set(point.start, own)
  return own.count < last.count ? own : { count: own.count - last.count, sum: own.sum - last.sum }
}

function ownOf({ from, time, value, buckets }: SentPoint): Writer {
  return isNumber(from) ? { time, count: value, sum: value } : { time, count: countOf(buckets), sum: sumOf(buckets) }
}

function writersOf(all: Map<Application, Map<number, Writer>>, from: Application): Map<number, Writer> {
  const known = all.get(from) ?? new Map<number, Writer>()
  all.set(from, known)
  return known
}
