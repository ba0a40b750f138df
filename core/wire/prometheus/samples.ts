/**
 * Samples in columns. `L` is what stands for a label set, one object for each: rows of a series are told by `===`.
 */
export class Samples<L> {
  readonly labels: L[] = []
  /** Unix ms, whole. */
  readonly time: number[] = []
  readonly value: number[] = []
  /** 1 where the row is a stale marker and its value means nothing. */
  readonly stale: number[] = []

  get length(): number {
    return this.labels.length
  }

  add(labels: L, time: number, value: number, stale = false): void {
    this.labels.push(labels)
    this.time.push(Math.floor(time))
    this.value.push(value)
    this.stale.push(stale ? 1 : 0)
  }
}

/**
 * Indexes of rows, series by series as they first appear, each by time. Of rows with the same series and time the last
 * stays: a store keeps one of them at most, and Prometheus refuses the whole request over two that differ.
 */
export function rowsBySeries<L>(samples: Samples<L>): Int32Array {
  const rows = grouped(samples.labels)
  const { labels, time } = samples
  let kept = 0
  for (let i = 0; i < rows.length; ) {
    let end = i + 1
    let sorted = true
    for (; end < rows.length && labels[rows[end]] === labels[rows[i]]; end++)
      if (time[rows[end]] < time[rows[end - 1]]) sorted = false
    if (!sorted) rows.subarray(i, end).sort((a, b) => time[a] - time[b] || a - b)
    for (; i < end; i++) if (i + 1 === end || time[rows[i]] !== time[rows[i + 1]]) rows[kept++] = rows[i]
  }
  return rows.subarray(0, kept)
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
