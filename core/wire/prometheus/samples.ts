/** Samples in columns. `L` stands for a label set, one object for each: rows of a series are told by `===`. */
export class Samples<L> {
  /** The point that rows added from now on are made of; -1: none. */
  point = -1
  /** Set if rows added from now on are increments: those of the same series and time add up. */
  isIncrement = false
  readonly labels: L[] = []
  /** Unix ms, whole. */
  readonly time: number[] = []
  readonly value: number[] = []
  /** 1 for a row that is a stale marker, whose value means nothing. */
  readonly stale: number[] = []
  readonly points: number[] = []
  readonly increments: boolean[] = []

  get length(): number {
    return this.labels.length
  }

  add(labels: L, time: number, value: number, stale = false): void {
    this.labels.push(labels)
    this.time.push(Math.floor(time))
    this.value.push(value)
    this.stale.push(stale ? 1 : 0)
    this.points.push(this.point)
    this.increments.push(this.isIncrement && !stale)
  }
}

/**
 * Indexes of rows, series by series as they first appear, each by time. A store keeps one row at most of a series and
 * time, and Prometheus refuses the whole request over two that differ: increments are added up, in place, in the last one;
 * of everything else the last one stays. To be called once.
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
function fold<L>({ increments, value, points }: Samples<L>, rows: Int32Array, lost?: Set<number>): void {
  const last = rows[rows.length - 1]
  for (let i = rows.length - 2; i >= 0; i--) {
    const row = rows[i]
    if (increments[last] && increments[row]) value[last] += value[row]
    else if (points[row] >= 0) lost?.add(points[row])
  }
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
