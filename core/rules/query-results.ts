import type { ResultValue } from '../promql/engine/evaluate.ts'
import { Labels } from '../promql/labels.ts'
import { RuleError, type VectorResult } from './samples.ts'

type Result =
  | { readonly resultType: 'scalar'; readonly result: readonly [number, string] }
  | {
      readonly resultType: 'vector'
      readonly result: readonly {
        readonly metric: Record<string, string>
        readonly value?: readonly [number, string]
      }[]
    }
  | { readonly resultType: 'matrix' | 'string' }

/**
 * The series of an instant query, from `data` of the Prometheus API. A scalar is a series without labels. Throws a {@link
 * RuleError} for other results: rules are of numbers.
 */
export function vectorOf(data: Uint8Array): VectorResult[] {
  const answer = JSON.parse(new TextDecoder().decode(data)) as Result
  if (answer.resultType === 'scalar') return [{ labels: Labels.NONE, value: numberOf(answer.result[1]) }]
  if (answer.resultType !== 'vector') throw notVector(answer.resultType)
  return answer.result.map(({ metric, value }) => {
    if (value === undefined) throw hasHistograms()
    return { labels: Labels.of(Object.entries(metric)), value: numberOf(value[1]) }
  })
}

/** As {@link vectorOf}, from the result of an evaluation in this thread. */
export function vectorOfValue(value: ResultValue): VectorResult[] {
  if (value.type === 'scalar') return [{ labels: Labels.NONE, value: value.value }]
  if (value.type !== 'vector') throw notVector(value.type)
  if (value.samples.some(({ histogram }) => histogram !== undefined)) throw hasHistograms()
  return [...value.samples]
}

const notVector = (type: string) =>
  new RuleError(`the expression is a ${type}: a rule needs an instant vector or a scalar`)

const hasHistograms = () =>
  new RuleError('the expression has histograms as its results: rules take numbers, such as histogram_quantile of them')

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}
