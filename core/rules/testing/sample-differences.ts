import type { ResultValue } from '../../promql/engine/evaluate.ts'
import { shortFloat } from '../../promql/float-text.ts'
import type { FloatHistogram } from '../../promql/histogram/float-histogram.ts'
import { Labels } from '../../promql/labels.ts'
import { type NotedHistogram, showHistogram } from '../../promql/notation/histogram-notation.ts'
import { type SameNumber, sameHistogram } from '../../promql/notation/same-histogram.ts'
import type { ExpectedSamples } from './rule-test.ts'

interface Seen {
  readonly labels: Labels
  readonly value: number | FloatHistogram
}

/** How the result of a query differs from expected samples, in any order: one line a difference. */
export function sampleDifferences(
  expected: ExpectedSamples['samples'],
  result: ResultValue,
  isFuzzy: boolean
): string[] {
  const seen = samplesOf(result)
  if (seen === undefined) return [`expected an instant vector or a scalar, got a ${result.type}`]
  const same = isFuzzy ? nearlySame : exactlySame
  const left = new Map(Map.groupBy(seen, ({ labels }) => labels.key))
  const lines: string[] = []
  for (const { labels, value } of expected) {
    const other = left.get(labels.key)?.shift()
    if (other === undefined) lines.push(`missing:    ${labels} ${valueText(value)}`)
    else if (!sameValue(value, other.value, same))
      lines.push(`value of ${labels}`, `  expected: ${valueText(value)}`, `  got:      ${valueText(other.value)}`)
  }
  for (const { labels, value } of [...left.values()].flat()) lines.push(`unexpected: ${labels} ${valueText(value)}`)
  return lines
}

/** Undefined if the result has no single samples. */
function samplesOf(result: ResultValue): Seen[] | undefined {
  if (result.type === 'scalar') return [{ labels: Labels.NONE, value: result.value }]
  if (result.type !== 'vector') return undefined
  return result.samples.map(({ labels, value, histogram }) => ({ labels, value: histogram ?? value }))
}

function sameValue(expected: number | NotedHistogram, seen: number | FloatHistogram, same: SameNumber): boolean {
  if (typeof expected === 'number') return typeof seen === 'number' && same(expected, seen)
  return typeof seen === 'object' && sameHistogram(expected, seen, same)
}

const exactlySame: SameNumber = (a, b) => a === b || (Number.isNaN(a) && Number.isNaN(b))

/** They differ in their last bit at most. */
const nearlySame: SameNumber = (a, b) => exactlySame(a, b) || distance(a, b) <= 1n

/** In steps from one float to the next. */
function distance(a: number, b: number): bigint {
  const view = new DataView(new ArrayBuffer(16))
  view.setFloat64(0, a)
  view.setFloat64(8, b)
  const difference = view.getBigInt64(0) - view.getBigInt64(8)
  return difference < 0n ? -difference : difference
}

function valueText(value: number | NotedHistogram | FloatHistogram): string {
  if (typeof value === 'number') return shortFloat(value)
  return showHistogram('histogram' in value ? value.histogram : value)
}
