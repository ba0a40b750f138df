import { type EvaluationRange, evaluate, type QueryResult } from '../../../../core/promql/engine/evaluate.ts'
import { parse } from '../../../../core/promql/parser/parse.ts'
import type { SampleStore } from '../../../../core/promql/sample-store.ts'
import { signal } from '../harness.ts'
import { LIMITS } from './store-harness.ts'

export interface Asked {
  readonly result: QueryResult
  /** Questions that ClickHouse computed. */
  readonly computed: number
}

/** The result of a query. @param withGrid false if the engine has to compute everything */
export async function ask(
  store: SampleStore,
  query: string,
  range: EvaluationRange,
  withGrid: boolean
): Promise<Asked> {
  let computed = 0
  const seen: SampleStore = {
    select: (...args) => store.select(...args),
    series: (...args) => store.series(...args),
    metadata: (...args) => store.metadata(...args),
    async grid(...args) {
      const series = withGrid ? await store.grid!(...args) : undefined
      if (series !== undefined) computed++
      return series
    }
  }
  const result = await evaluate(parse(query), range, seen, {
    text: query,
    lookbackMs: 300_000,
    defaultSubqueryStepMs: 60_000,
    limits: LIMITS,
    delayedNameRemoval: false,
    signal: signal()
  })
  return { result, computed }
}

/** Values by labels and time, in ms after `from`. */
export function flat({ value }: QueryResult, from: number): Map<string, number> {
  const values = new Map<string, number>()
  if (value.type === 'vector')
    for (const one of value.samples) values.set(`${JSON.stringify(one.labels)}@${value.time - from}`, one.value)
  if (value.type === 'matrix')
    for (const { labels, times, values: all } of value.series)
      for (const [i, time] of times.entries()) values.set(`${JSON.stringify(labels)}@${time - from}`, all[i])
  return values
}
