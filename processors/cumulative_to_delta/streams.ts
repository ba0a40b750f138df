import type { HistogramPoint } from '../../core/model/merged-histogram.ts'
import type { StreamState } from '../../core/model/stream-table.ts'
import { increase } from '../../core/windows/input/difference.ts'

/** A point of a cumulative series. */
export interface Point {
  /** Unix ms; 0 if the sender names none. */
  start: number
  time: number
  /** The value, or the sum of a histogram. */
  value: number
  histogram: HistogramPoint | undefined
}

/** The state of a series. */
export interface Stream extends StreamState {
  /**
   * The last point of each that writes to it, told apart by when they began: two replicas without an instance id count
   * as two.
   */
  readonly writers: Point[]
}

/** The last point of the one that began at `start`. */
export function writerOf({ writers }: Stream, start: number): Point | undefined {
  for (const writer of writers) if (writer.start === start) return writer
  return undefined
}

/** The increment from `last` to `point`; all of `point` if it counts less, having begun anew. */
export function incrementOf(point: Point, last: Point): Pick<Point, 'value' | 'histogram'> {
  const { value, histogram } = point
  if (histogram === undefined || last.histogram === undefined)
    return value < last.value ? point : { value: value - last.value, histogram: undefined }
  const added = increase(histogram, last.histogram)
  return added === histogram ? point : { value: value - last.value, histogram: added }
}
