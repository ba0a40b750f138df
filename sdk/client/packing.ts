import type { SeriesIndex } from './series-index.ts'

/** The end of a Metric. */
const TAIL = ']}}'

export interface Packed {
  readonly items: number
  /** OTLP's Metrics in JSON. */
  readonly metrics: string
}

/**
 * Data points of what is active, in as many requests as it takes.
 * @param start of the interval, as its end Unix ms
 * @param maxCharacters of a request; one with a single point may have more
 */
export function pack(
  indexes: readonly SeriesIndex<never>[],
  start: number,
  end: number,
  maxCharacters: number
): Packed[] {
  const interval = `"startTimeUnixNano":"${start}000000","timeUnixNano":"${end}000000"`
  const packed: Packed[] = []
  let [metrics, open, items] = ['', '', 0]
  const close = () => {
    if (items > 0) packed.push({ items, metrics: metrics + TAIL })
    ;[metrics, open, items] = ['', '', 0]
  }
  // Points of one metric stand together.
  for (const { kind, active } of indexes)
    for (const { metric, attributes, state } of active.sort((a, b) => (a.metric < b.metric ? -1 : 1))) {
      const head = `{${metric},${kind.fields(state)}"dataPoints":[`
      const point = `{${attributes && `"attributes":[${attributes}],`}${interval},${kind.value(state)}}`
      if (metrics.length + head.length + point.length > maxCharacters) close()
      const before = head === open ? ',' : items > 0 ? `${TAIL},${head}` : head
      metrics += before + point
      open = head
      items++
    }
  close()
  return packed
}
