import { withRoom } from '../../model/columns.ts'
import { areDistinct } from '../../model/distinct-ids.ts'
import { IdNumbers } from '../../model/id-numbers.ts'

const INITIAL_CAPACITY = 64

/** Samples in columns, of which {@link Samples.length} rows are used. */
export class Samples {
  length = 0
  /** The point that rows added from now on are made of; -1: none. */
  point = -1
  /** Set if rows added from now on are increments: those of the same series and time add up. */
  isIncrement = false
  /** Ids of label sets: equal ones are one series. */
  labels: Uint32Array
  /** Unix ms, whole. */
  time: Float64Array
  value: Float64Array
  /** 1 for a row that is a stale marker, whose value means nothing. */
  stale: Uint8Array
  points: Int32Array
  /** 1 for an increment. */
  increments: Uint8Array

  /** @param capacity rows expected, if that is known */
  constructor(capacity = INITIAL_CAPACITY) {
    this.labels = new Uint32Array(capacity)
    this.time = new Float64Array(capacity)
    this.value = new Float64Array(capacity)
    this.stale = new Uint8Array(capacity)
    this.points = new Int32Array(capacity)
    this.increments = new Uint8Array(capacity)
  }

  /** Empties it, for about so many rows: memory is used again. */
  reset(rows: number): void {
    this.length = 0
    if (rows > this.labels.length) this.#grow(rows - 1)
  }

  add(labels: number, time: number, value: number, stale = false): void {
    const row = this.length++
    if (row >= this.labels.length) this.#grow(row)
    this.labels[row] = labels
    this.time[row] = Math.floor(time)
    this.value[row] = value
    this.stale[row] = stale ? 1 : 0
    this.points[row] = this.point
    this.increments[row] = this.isIncrement && !stale ? 1 : 0
  }

  #grow(row: number): void {
    this.labels = withRoom(this.labels, row)
    this.time = withRoom(this.time, row)
    this.value = withRoom(this.value, row)
    this.stale = withRoom(this.stale, row)
    this.points = withRoom(this.points, row)
    this.increments = withRoom(this.increments, row)
  }
}

/**
 * Indexes of rows, series by series as they first appear, each by time. A store keeps one row at most of a series and
 * time, and Prometheus refuses the whole request over two that differ: increments are added up, in place, in the last one;
 * of everything else the last one stays. To be called once.
 *
 * @param lost gets the points that rows left out belong to
 */
export function rowsBySeries(samples: Samples, lost?: Set<number>): Int32Array {
  // Nearly always each series of numbers has one row.
  if (areDistinct(samples.labels, samples.length)) return inOrder(samples.length)
  const rows = grouped(samples)
  const { labels, time } = samples
  let kept = 0
  for (let i = 0; i < rows.length; ) {
    let end = i + 1
    let sorted = true
    for (; end < rows.length && labels[rows[end]] === labels[rows[i]]; end++)
      if (time[rows[end]] < time[rows[end - 1]]) sorted = false
    if (!sorted) rows.subarray(i, end).sort((a, b) => time[a] - time[b] || a - b)
    while (i < end) {
      const first = i++
      while (i < end && time[rows[i]] === time[rows[first]]) i++
      if (i - first > 1) fold(samples, rows.subarray(first, i), lost)
      rows[kept++] = rows[i - 1]
    }
  }
  return rows.subarray(0, kept)
}

/** Rows of one series and time into the last of them. */
function fold({ increments, value, points }: Samples, rows: Int32Array, lost?: Set<number>): void {
  const last = rows[rows.length - 1]
  for (let i = rows.length - 2; i >= 0; i--) {
    const row = rows[i]
    if (increments[last] === 1 && increments[row] === 1) value[last] += value[row]
    else if (points[row] >= 0) lost?.add(points[row])
  }
}

function inOrder(length: number): Int32Array {
  const rows = new Int32Array(length)
  for (let row = 0; row < length; row++) rows[row] = row
  return rows
}

/** Numbers label sets, while {@link grouped} runs. */
const numbers = new IdNumbers()
/** By row: the number of its group. */
let groups = new Uint32Array()

/** Counting sort by series, in order of appearance. */
function grouped({ labels, length }: Samples): Int32Array {
  const rows = new Int32Array(length)
  if (groups.length < length) groups = new Uint32Array(length * 2)
  const group = groups
  const next: number[] = []
  numbers.begin(length)
  for (let i = 0; i < length; i++) {
    group[i] = numbers.of(labels[i])
    if (group[i] === next.length) next.push(0)
    next[group[i]]++
  }
  let offset = 0
  for (let g = 0; g < next.length; g++) {
    const size = next[g]
    next[g] = offset
    offset += size
  }
  for (let i = 0; i < length; i++) rows[next[group[i]]++] = i
  return rows
}
