/** How an output of stream aggregation is made. */
export interface Output {
  readonly aggregation: string
  readonly output: 'delta' | 'cumulative'
  /** Its input: samples of counters are increments in Weir. */
  readonly of: 'counters' | 'gauges'
  /** Behind the prefix of the name. */
  readonly suffix: string
  /** If its numbers differ from vmagent's: how. */
  readonly note?: string
}

const FIRST_SAMPLE =
  'vmagent counts the first sample of a series that it has not seen before. Weir counts from it on, since nobody knows how much of it is new.'

const TWINS: Readonly<Record<string, Output>> = {
  avg: { aggregation: 'avg', output: 'delta', of: 'gauges', suffix: 'avg' },
  min: { aggregation: 'min', output: 'delta', of: 'gauges', suffix: 'min' },
  max: { aggregation: 'max', output: 'delta', of: 'gauges', suffix: 'max' },
  last: { aggregation: 'last', output: 'delta', of: 'gauges', suffix: 'last' },
  stddev: { aggregation: 'stddev', output: 'delta', of: 'gauges', suffix: 'stddev' },
  count_samples: { aggregation: 'count', output: 'delta', of: 'gauges', suffix: 'count_samples' },
  histogram_bucket: {
    aggregation: 'histogram',
    output: 'delta',
    of: 'gauges',
    suffix: 'histogram',
    note: 'There are _sum and _count beside the _bucket series, and buckets have other bounds.'
  },
  quantiles: {
    aggregation: 'quantiles',
    output: 'delta',
    of: 'gauges',
    suffix: 'quantiles',
    note: 'They are samples, at most relative_error (1 %) off. Of few samples vmagent may take the next greater one.'
  },
  increase: { aggregation: 'sum', output: 'delta', of: 'counters', suffix: 'increase', note: FIRST_SAMPLE },
  increase_prometheus: { aggregation: 'sum', output: 'delta', of: 'counters', suffix: 'increase_prometheus' },
  total: {
    aggregation: 'sum',
    output: 'cumulative',
    of: 'counters',
    suffix: 'total',
    note: `${FIRST_SAMPLE} A point comes after windows in which it changed.`
  },
  total_prometheus: {
    aggregation: 'sum',
    output: 'cumulative',
    of: 'counters',
    suffix: 'total_prometheus',
    note: 'A point comes after windows in which it changed.'
  }
}

const WITHOUT_TWIN: Readonly<Record<string, string>> = {
  sum_samples:
    'remote write has gauges and cumulative counters, and values of gauges do not add up in Weir. Send increments as delta counters by OTLP or StatsD, whose sum is the usual aggregation; or use avg and count.',
  sum_samples_total: 'send increments as delta counters by OTLP or StatsD; their total is the usual cumulative output.',
  unique_samples:
    'Weir counts the distinct values of an attribute (aggregations: [unique] with attribute), or of sets.',
  count_series: 'query count() in the store, or send sets by StatsD.',
  stdvar: 'use stddev, and square it in the query.',
  rate_sum: 'use increase, and divide it by the seconds of the window in the query.',
  rate_avg: 'use increase, and divide it by the seconds of the window and by the number of series in the query.'
}

/** @param name such as `avg` or `quantiles(0.5, 0.9)` */
export function outputOf(name: string): { output: Output; quantiles?: number[] } | { missing: string } {
  const [, call, list] = /^\s*(\w+)\s*(?:\(([^)]*)\))?\s*$/.exec(name) ?? []
  const output = Object.hasOwn(TWINS, call ?? '') ? TWINS[call] : undefined
  if (output === undefined)
    return {
      missing:
        WITHOUT_TWIN[call] ?? 'vmagent has no such output that is known here; see the README of windowed_counter.'
    }
  if (call !== 'quantiles') return { output }
  const quantiles = (list ?? '').split(',').map(Number)
  if (quantiles.some(quantile => !(quantile >= 0 && quantile <= 1))) return { missing: 'quantiles are from 0 to 1.' }
  return { output, quantiles }
}
