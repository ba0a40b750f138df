import type { FloatHistogram } from '../../../../core/promql/histogram/float-histogram.ts'
import type { Labels } from '../../../../core/promql/labels.ts'
import { showHistogram } from '../../../../core/promql/notation/histogram-notation.ts'
import { sameHistogram } from '../../../../core/promql/notation/same-histogram.ts'
import type { NotedSample, NotedSeries } from '../../../../core/promql/notation/series-notation.ts'
import type { EvalCommand, Expectation } from './script.ts'

/** Relative error that expected values allow. */
const TOLERANCE = 1e-6
const LEAST_NORMAL = 2.2250738585072014e-308

/** A query's result as scripts see it. */
export type Outcome =
  | { readonly error: string }
  /** An error that is no `QueryError`. */
  | { readonly crash: string }
  | { readonly value: OutcomeValue; readonly warnings: readonly string[]; readonly infos: readonly string[] }

export type OutcomeValue =
  | { readonly type: 'scalar'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'vector' | 'matrix'; readonly series: readonly OutcomeSeries[] }

export interface OutcomeSeries {
  readonly labels: Labels
  /** By Unix ms. */
  readonly points: ReadonlyMap<number, number | FloatHistogram>
}

/** The first thing that is not as expected. */
export function problemOf(command: EvalCommand, outcome: Outcome): string | undefined {
  if ('crash' in outcome) return outcome.crash
  if ('error' in outcome)
    return command.fail.length === 0
      ? `failed: ${outcome.error}`
      : messageProblem(command.fail, [outcome.error], 'error')
  if (command.fail.length > 0) return 'expected a failure'
  return (
    messageProblem(command.warn, outcome.warnings, 'warning') ??
    messageProblem(command.info, outcome.infos, 'info') ??
    (command.noWarn && outcome.warnings.length > 0
      ? `unexpected warnings: ${outcome.warnings.join('; ')}`
      : undefined) ??
    (command.noInfo && outcome.infos.length > 0 ? `unexpected infos: ${outcome.infos.join('; ')}` : undefined) ??
    valueProblem(command, outcome.value)
  )
}

/** What is wrong with the value. */
export function valueProblem(command: EvalCommand, value: OutcomeValue): string | undefined {
  if (command.string !== undefined || value.type === 'string') {
    const seen = value.type === 'string' ? value.value : value.type
    return seen === command.string
      ? undefined
      : `expected string ${JSON.stringify(command.string)}, got ${JSON.stringify(seen)}`
  }
  if (command.scalar !== undefined || value.type === 'scalar') {
    if (value.type !== 'scalar') return `expected scalar ${command.scalar}, got ${value.type} ${show(value.series)}`
    if (command.scalar === undefined) return `expected series, got scalar ${value.value}`
    return nearly(command.scalar, value.value) ? undefined : `expected ${command.scalar}, got ${value.value}`
  }
  return seriesProblem(command, value.series)
}

function messageProblem(
  expected: readonly Expectation[],
  messages: readonly string[],
  kind: string
): string | undefined {
  if (expected.length === 0) return undefined
  const missing = expected.find(each => !messages.some(message => matches(each, message)))
  if (missing !== undefined || messages.length === 0)
    return `expected ${kind} ${missing === undefined ? '' : JSON.stringify(Object.values(missing).map(String))}, got ${JSON.stringify(messages)}`
  const other = messages.find(message => !expected.some(each => matches(each, message)))
  return other === undefined ? undefined : `unexpected ${kind} ${JSON.stringify(other)}`
}

function matches(expectation: Expectation, message: string): boolean {
  if (expectation === undefined) return true
  return 'text' in expectation ? expectation.text === message : expectation.pattern.test(message)
}

function seriesProblem(command: EvalCommand, series: readonly OutcomeSeries[]): string | undefined {
  const expected = new Map(command.series.map(each => [each.labels.key, each]))
  for (const [i, seen] of series.entries()) {
    const wanted = expected.get(seen.labels.key)
    if (wanted === undefined) return `unexpected series ${show([seen])}`
    if (command.ordered && command.series[i] !== wanted) return `expected another order, got ${show(series)}`
    const problem = pointsProblem(wanted, seen, timesOf(command))
    if (problem !== undefined) return `${problem}; got ${show([seen])}`
    expected.delete(seen.labels.key)
  }
  const [missing] = expected.values()
  return missing && `missing series ${showLabels(missing.labels)}`
}

function timesOf({ range, vector, start, stepMs }: EvalCommand): { start: number; stepMs: number } {
  return range ? { start, stepMs } : (vector ?? { start, stepMs: 0 })
}

function pointsProblem(
  wanted: NotedSeries,
  { points }: OutcomeSeries,
  times: ReturnType<typeof timesOf>
): string | undefined {
  const samples = wanted.samples.filter(sample => sample !== undefined)
  if (samples.length !== points.size) return `expected ${samples.length} points`
  for (const [i, sample] of wanted.samples.entries()) {
    if (sample === undefined) continue
    const time = times.start + i * times.stepMs
    const point = points.get(time)
    if (!samePoint(sample, point)) return `expected ${showSample(sample)} at ${time} ms`
  }
  return undefined
}

function samePoint(sample: NotedSample, point: number | FloatHistogram | undefined): boolean {
  if (typeof sample === 'number') return typeof point === 'number' && nearly(sample, point)
  return typeof sample === 'object' && typeof point === 'object' && sameHistogram(sample, point, nearly)
}

/** Equal but for the tolerance. NaN equals NaN. */
function nearly(a: number, b: number): boolean {
  if (Object.is(a, b) || a === b) return true
  const difference = Math.abs(a - b)
  const size = Math.abs(a) + Math.abs(b)
  if (a === 0 || b === 0 || size < LEAST_NORMAL) return difference < TOLERANCE * LEAST_NORMAL
  return difference / Math.min(size, Number.MAX_VALUE) < TOLERANCE
}

function show(series: readonly OutcomeSeries[]): string {
  return series
    .map(({ labels, points }) => {
      const values = Array.from(
        points,
        ([time, point]) => `${typeof point === 'number' ? point : showHistogram(point)} @${time}`
      )
      return `${showLabels(labels)} ${values.join(' ')}`
    })
    .join(', ')
}

function showSample(sample: NotedSample): string {
  return typeof sample === 'object' ? showHistogram(sample.histogram) : String(sample)
}

function showLabels(labels: Labels): string {
  return `{${labels.pairs.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(', ')}}`
}
