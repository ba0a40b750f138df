import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { type EvaluationRange, evaluate, type ResultValue } from '../../core/promql/engine/evaluate.ts'
import { histogramText } from '../../core/promql/histogram/text.ts'
import { MemoryStore } from '../../core/promql/memory-store.ts'
import { parse } from '../../core/promql/parser/parse.ts'
import { QueryError } from '../../core/promql/query-error.ts'
import { Loader } from '../core/promql/scripts/loader.ts'
import { parseScript } from '../core/promql/scripts/script.ts'
import { QUERY } from './queries.ts'
import { SECONDS } from './run.ts'

/** Half of the time of a file. */
const RUNS = { numRuns: 1_000_000_000, interruptAfterTimeLimit: (SECONDS / 2) * 1000 }
const MINUTE = 60_000
/** Their values are those of the query, and another query has others. */
const OF_THE_QUERY = /\b(?:start|end|range|step) ?\(\)/
/** Digits that are compared: sums over time are not added up in the same order. */
const DIGITS = 8

/** Samples of all kinds, with gaps, resets and ends. */
const SERIES = `load 30s
  a{job="x", on="1"} 1+1x20 stale
  a{job="y", bool="1"} 100-5x10 _x3 NaN Inf -Inf 0x5
  b:c{job="x"} 0+10x8 5+7x12
  sum{job="x"} {{schema:0 count:4 sum:8 buckets:[1 2 1]}}+{{schema:0 count:2 sum:3 buckets:[1 0 1]}}x20
  sum{job="y"} {{schema:-53 count:3 sum:6 custom_values:[1 5] buckets:[1 1 1]}}x20
  rate{job="x", le="1"} 1+1x20
  rate{job="x", le="+Inf"} 2+3x20
  offset{"a.b"="c"} 1 {{schema:2 count:1 sum:1 buckets:[1]}} 3 stale 5+1x10
  constructor{"x y"="z"} 7x20`

const store = new MemoryStore()
const loader = new Loader(store)
for (const command of parseScript(SERIES)) if (command.type === 'load') loader.load(command)

/** Undefined if the query is refused. */
async function resultOf(query: string, range: EvaluationRange): Promise<ResultValue | undefined> {
  try {
    const options = {
      text: query,
      lookbackMs: 5 * MINUTE,
      defaultSubqueryStepMs: MINUTE,
      limits: { maxSeries: 1000, maxSamples: 1_000_000 },
      experimental: true,
      delayedNameRemoval: false,
      signal: AbortSignal.timeout(20_000)
    }
    return (await evaluate(parse(query, { experimental: true }), range, store, options)).value
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    assert.notEqual(error.kind, 'timeout', query)
    return undefined
  }
}

/** Each sample of the time as a text, sorted. */
function samplesOf(value: ResultValue, time: number): string[] {
  if (value.type === 'string') return [value.value]
  if (value.type === 'scalar') return [sampleText({}, value.value)]
  if (value.type === 'vector')
    return value.samples
      .map(({ labels, value, histogram }) => sampleText(labels, histogram ? histogramText(histogram) : value))
      .sort()
  const samples = value.series.flatMap(({ labels, times, values, histograms }) => {
    const index = times.indexOf(time)
    const histogram = histograms?.[index]
    return index === -1 ? [] : [sampleText(labels, histogram ? histogramText(histogram) : values[index]!)]
  })
  return samples.sort()
}

function sampleText(labels: object, value: number | string): string {
  return `${JSON.stringify(labels)} ${typeof value === 'number' ? Number(value.toPrecision(DIGITS)) : value}`
}

it('a query has the same value alone and in the middle of a range, or is refused', async () => {
  let compared = 0
  const property = fc.asyncProperty(QUERY, fc.integer({ min: 0, max: 12 }), async (query, minute) => {
    const time = minute * MINUTE
    const alone = await resultOf(query, { start: time, end: time, stepMs: 0 })
    const range = await resultOf(query, { start: time - MINUTE, end: time + MINUTE, stepMs: MINUTE })
    if (alone === undefined || range === undefined || alone.type === 'matrix' || OF_THE_QUERY.test(query)) return
    compared++
    assert.deepEqual(samplesOf(range, time), samplesOf(alone, time), query)
  })
  await fc.assert(property, RUNS)
  assert.ok(compared > 20, `${compared} queries`)
})
