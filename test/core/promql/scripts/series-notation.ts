import { add, subtract } from '../../../../core/promql/histogram/arithmetic.ts'
import type { FloatHistogram } from '../../../../core/promql/histogram/float-histogram.ts'
import { Labels } from '../../../../core/promql/labels.ts'
import { Cursor } from '../../../../core/promql/parser/cursor.ts'
import { readSelector } from '../../../../core/promql/parser/selector.ts'
import { type NotedHistogram, parseHistogram, toNumber } from './histogram-notation.ts'

/** A place of a series: a number, a histogram, the end of the series, or nothing. */
export type NotedSample = number | NotedHistogram | 'stale' | undefined

export interface NotedSeries {
  readonly labels: Labels
  readonly samples: readonly NotedSample[]
}

const HEAD = /^[A-Za-z_:][\w:]*|^(?=\{)/
const BRACES = /^\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/
const ITEM = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x\d+)?|\S+/g
const NUMBER = String.raw`[+-]?(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[iI]nf|[nN]a[nN])`
const REPEATED = new RegExp(`^(${NUMBER})([+-]${NUMBER})?x(\\d+)$`)
const HISTOGRAMS = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/

/**
 * Reads a series of a test script: labels, and samples in the notation of Prometheus's unit tests:
 * https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series
 */
export function parseSeries(line: string): NotedSeries {
  const name = HEAD.exec(line)?.[0]
  if (name === undefined) throw new Error(`no series: ${line}`)
  const braces = BRACES.exec(line.slice(name.length))?.[0] ?? ''
  const values = line.slice(name.length + braces.length)
  return {
    labels: parseLabels(name + braces),
    samples: Array.from(values.matchAll(ITEM), ([item]) => itemsOf(item)).flat()
  }
}

export function parseLabels(text: string): Labels {
  const cursor = new Cursor(text, true)
  const name = cursor.token.kind === 'identifier' ? cursor.take() : undefined
  const { matchers } = readSelector(cursor, name)
  if (matchers.some(({ op }) => op !== '=')) throw new Error(`labels, not matchers: ${text}`)
  return Labels.of(matchers.map(matcher => [matcher.name, matcher.value]))
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
  if (found === null) throw new Error(`no histogram: ${item}`)
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
  if (result === undefined) throw new Error('these histograms cannot be added')
  return result.histogram
}
