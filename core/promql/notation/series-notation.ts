import { add, subtract } from '../histogram/arithmetic.ts'
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import { Labels } from '../labels.ts'
import { Cursor } from '../parser/cursor.ts'
import { readSelector } from '../parser/selector.ts'
import { bad } from './bad.ts'
import { type NotedHistogram, parseHistogram, toNumber } from './histogram-notation.ts'

/** A place of a series: a number, a histogram, the end of the series, or nothing. */
export type NotedSample = number | NotedHistogram | 'stale' | undefined

export interface NotedSeries {
  readonly labels: Labels
  readonly samples: readonly NotedSample[]
}

/** One a second for eleven days. */
const MOST_SAMPLES = 1_000_000
const HEAD = /^[A-Za-z_:][\w:]*|^(?=\{)/
const BRACES = /^\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/
const ITEM = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g
const NUMBER = String.raw`[+-]?(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])`
const REPEATED = new RegExp(`^(${NUMBER})([+-]${NUMBER})?x(\\d+)$`)
const HISTOGRAMS = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/

/**
 * Reads a series: labels, and samples in the notation of Prometheus's unit tests:
 * https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series. Throws a {@link QueryError}.
 */
export function parseSeries(line: string): NotedSeries {
  const name = HEAD.exec(line)?.[0]
  if (name === undefined) throw bad(`"${line}" is no series`)
  const braces = BRACES.exec(line.slice(name.length))?.[0] ?? ''
  const labels = name + braces
  return { labels: parseLabels(labels), samples: parseSamples(line.slice(labels.length)) }
}

/** Reads `metric{label="value"}`. Throws a {@link QueryError}. */
export function parseLabels(text: string): Labels {
  if (text.trim() === '') return Labels.NONE
  const cursor = new Cursor(text, true)
  const name = cursor.token.kind === 'identifier' ? cursor.take() : undefined
  const { matchers } = readSelector(cursor, name)
  if (cursor.token.kind !== 'end') throw cursor.unexpected('labels', 'end')
  if (matchers.some(({ op }) => op !== '=')) throw bad(`"${text}" has conditions: labels are written as label="value"`)
  return Labels.of(matchers.map(matcher => [matcher.name, matcher.value]))
}

/** Reads samples such as `1 2+3x4 _ stale {{count:1}}`. Throws a {@link QueryError}. */
export function parseSamples(text: string): NotedSample[] {
  const samples: NotedSample[] = []
  for (const [item] of text.matchAll(ITEM)) {
    // Whatever the item is, its last number says how often it is repeated.
    if (samples.length + Number(/x(\d+)$/.exec(item)?.[1] ?? 0) > MOST_SAMPLES)
      throw bad(`${item} makes more than ${MOST_SAMPLES} samples of one series, which are the most`)
    for (const sample of itemsOf(item)) samples.push(sample)
  }
  return samples
}

function itemsOf(item: string): NotedSample[] {
  if (item === '_') return [undefined]
  if (item === 'stale') return ['stale']
  const omitted = /^_x(\d+)$/.exec(item)
  if (omitted !== null) return new Array<NotedSample>(Number(omitted[1])).fill(undefined)
  if (item.startsWith('{{')) return histogramsOf(item)
  const repeated = REPEATED.exec(item)
  if (repeated === null) return [toNumber(item.replaceAll('_', ''))]
  const [, first, step = '0', times] = repeated
  return sumsOf(toNumber(first!), toNumber(step), Number(times))
}

/** The first value and `times` further ones, each by `step` larger. */
function sumsOf(first: number, step: number, times: number): number[] {
  const values = [first]
  for (let i = 0; i < times; i++) values.push(values.at(-1)! + step)
  return values
}

function histogramsOf(item: string): NotedHistogram[] {
  const found = HISTOGRAMS.exec(item)
  if (found === null) throw bad(`${item} is no histogram`)
  const [, first, sign, step, times = '0'] = found
  const noted = parseHistogram(first!)
  if (step === undefined) return new Array<NotedHistogram>(Number(times) + 1).fill(noted)
  const change = parseHistogram(step)
  const { resetWritten } = change
  const histograms: NotedHistogram[] = [{ ...noted, resetWritten }]
  for (let i = 0; i < Number(times); i++) {
    const next = combined(histograms.at(-1)!.histogram, change.histogram, sign!)
    histograms.push({ histogram: next, resetWritten })
  }
  return histograms
}

function combined(a: FloatHistogram, b: FloatHistogram, sign: string): FloatHistogram {
  const result = sign === '-' ? subtract(a, b) : add(a, b)
  if (result === undefined) throw bad('these histograms cannot be added')
  return result.histogram
}
