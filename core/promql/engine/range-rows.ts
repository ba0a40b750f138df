import { METRIC_NAME } from '../labels.ts'
import type { Span } from '../span.ts'
import { mergedRows, withoutMetricLabels } from './merged-rows.ts'
import type { Query } from './query.ts'
import type { RangeCall, RangeFunction } from './range/range-function.ts'
import type { SampledSeries } from './range/sampled-series.ts'
import { type Margins, Window } from './range/window.ts'
import { CollectedRows, type RowSink } from './row-sink.ts'
import { FLOAT, HISTOGRAM, NONE, type Row, setHistogram } from './rows.ts'
import { type Times, timeAt } from './times.ts'

/** Samples that are looked at in one turn of a query: some milliseconds of work. */
const SAMPLES_A_TURN = 1_000_000

/** Functions whose results keep the metric's name: they shift samples in time, or all series become one afterwards. */
const NAMED_RESULTS: ReadonlySet<string> = new Set(['first_over_time', 'last_over_time', 'absent_over_time'])

/** Names of counters end so, and those of parts of classic histograms. */
const COUNTER_SUFFIX = /_(total|sum|count|bucket)$/

/** The argument of a range function. */
export interface RangeVector {
  readonly series: Iterable<SampledSeries>
  /** All series are of one metric: they stay different without its name. */
  readonly sameMetric: boolean
  /** Last times of the windows. Only one if it is the same at all evaluation times. */
  readonly until: Times
  readonly rangeMs: number
  readonly margins: Margins
}

/** Results of a range function for each series and time. */
export async function rangeRows(
  query: Query,
  func: RangeFunction,
  call: RangeCall,
  vector: RangeVector,
  times: Times
): Promise<Row[]> {
  const collected = new CollectedRows(query, times)
  await fillRangeRows(query, func, call, vector, times, collected)
  return staysUnique(query, call, vector) ? collected.rows : mergedRows(query, times, collected.rows)
}

/** True if no two series become equal by the function. */
export function staysUnique(query: Query, call: RangeCall, vector: RangeVector): boolean {
  return vector.sameMetric || query.options.delayedNameRemoval || NAMED_RESULTS.has(call.func)
}

/** Leaves the results in a sink, row after row. */
export async function fillRangeRows(
  query: Query,
  func: RangeFunction,
  call: RangeCall,
  vector: RangeVector,
  times: Times,
  sink: RowSink
): Promise<void> {
  const isNamed = NAMED_RESULTS.has(call.func)
  const { delayedNameRemoval } = query.options
  for (const series of vector.series) {
    const labels = isNamed || delayedNameRemoval ? series.labels : withoutMetricLabels(series.labels)
    const row = sink.next(labels, series.dropName || (!isNamed && delayedNameRemoval))
    const computation = new Computation(row, new Window(series, vector.rangeMs, vector.margins), vector.until, times)
    while (!computation.run(func, call)) await query.turns.next()
    query.budget.countRead(computation.samplesRead)
    if (query.turns.due) await query.turns.next()
    if (!computation.present) continue
    if (hasFloat(row)) informIfNoCounter(query, call.func, series.labels.get(METRIC_NAME), call.args[0]!.span)
    sink.take(row)
  }
}

/** The computation of one row, which can be interrupted. */
class Computation {
  samplesRead = 0
  present = false
  readonly #row: Row
  readonly #window: Window
  readonly #until: Times
  readonly #times: Times
  #step = 0

  constructor(row: Row, window: Window, until: Times, times: Times) {
    this.#row = row
    this.#window = window
    this.#until = until
    this.#times = times
  }

  /** False if there is more to do. */
  run(func: RangeFunction, call: RangeCall): boolean {
    const window = this.#window
    const times = this.#times
    const isFixed = this.#until.count === 1
    if (isFixed) window.moveTo(this.#until.start)
    let samples = 0
    for (; this.#step < times.count; this.#step++) {
      if (samples > SAMPLES_A_TURN) break
      if (!isFixed) window.moveTo(timeAt(this.#until, this.#step))
      const count = window.floatCount + window.histogramCount
      samples += count
      if (count === 0) continue
      window.step = this.#step
      window.time = timeAt(times, this.#step)
      this.#set(func(window, call))
    }
    this.samplesRead += samples
    return this.#step >= times.count
  }

  #set(kind: number): void {
    if (kind === NONE) return
    this.present = true
    if (kind === HISTOGRAM) return setHistogram(this.#row, this.#step, this.#window.histogram!)
    this.#row.kinds[this.#step] = FLOAT
    this.#row.values[this.#step] = this.#window.value
  }
}

/** Rates of gauges are a common mistake. */
export function informIfNoCounter(query: Query, func: string, name: string, span: Span): void {
  if ((func !== 'rate' && func !== 'increase') || name === '' || COUNTER_SUFFIX.test(name)) return
  query.remarks.infoAt(
    span,
    `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`
  )
}

function hasFloat(row: Row): boolean {
  return row.kinds.includes(FLOAT)
}
