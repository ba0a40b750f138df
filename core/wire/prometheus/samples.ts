/**
 * Samples in columns. `L` is what stands for a label set, one object for each: rows of a series are told by `===`.
 */
export class Samples<L> {
  /** The point that rows added from now on are made of; -1: none. */
  point = -1
  /** Whether those rows count what happened in an interval, so that two of the same time add up. */
  areDeltas = false
  readonly labels: L[] = []
  /** Unix ms, whole. */
  readonly time: number[] = []
  readonly value: number[] = []
  /** 1 where the row is a stale marker and its value means nothing. */
  readonly stale: number[] = []
  readonly points: number[] = []
  /** 1 where the row adds to another of the same series and time. */
  readonly deltas: number[] = []

  get length(): number {
    return this.labels.length
  }

  add(labels: L, time: number, value: number, stale = false): void {
    this.labels.push(labels)
    this.time.push(Math.floor(time))
    this.value.push(value)
    this.stale.push(stale ? 1 : 0)
    this.points.push(this.point)
    this.deltas.push(this.areDeltas && !stale ? 1 : 0)
  }
}

/**
 * Indexes of rows, series by series as they first appear, each by time. A store keeps one row at most of a series and
 * time, and Prometheus refuses the whole request over two that differ: deltas are added up, in place, in the last one; of
 * everything else the last one stays. To be called once.
 *
 * @param lost gets the points that rows left out belong to
 */
export function rowsBySeries<L>(samples: Samples<L>, lost?: Set<number>): Int32Array {
  const rows = grouped(samples.labels)
  const { labels, time } = samples
  let kept = 0
  for (let i = 0; i < rows.length; ) {
    let end = i + 1
    let sorted = true
    for (; end < rows.length && labels[rows[end]] === labels[rows[i]]; end++)
      if (time[rows[end]] < time[rows[end - 1]]) sorted = false
    if (!sorted) rows.subarray(i, end).sort((a, b) => time[a] - time[b] || a - b)
    for (; i < end; i++) {
      if (i + 1 === end || time[rows[i]] !== time[rows[i + 1]]) rows[kept++] = rows[i]
      else replaceBy(samples, rows[i], rows[i + 1], lost)
    }
  }
  return rows.subarray(0, kept)
}

function replaceBy<L>({ deltas, value, points }: Samples<L>, row: number, next: number, lost?: Set<number>): void {
  if (deltas[row] === 1 && deltas[next] === 1) value[next] += value[row]
  else if (points[row] >= 0) lost?.add(points[row])
}

/** Counting sort by series, in order of appearance. */
function grouped<L>(labels: readonly L[]): Int32Array {
  const groups = new Map<L, number>()
  const group = new Int32Array(labels.length)
  const next: number[] = []
  for (let i = 0; i < labels.length; i++) {
    let own = groups.get(labels[i])
    if (own === undefined) {
      own = next.push(0) - 1
      groups.set(labels[i], own)
    }
    group[i] = own
    next[own]++
  }
  let offset = 0
  for (let g = 0; g < next.length; g++) {
    const size = next[g]
    next[g] = offset
    offset += size
  }
  const rows = new Int32Array(labels.length)
  for (let i = 0; i < rows.length; i++) rows[next[group[i]]++] = i
  return rows
}
