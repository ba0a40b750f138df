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
  if (answer.resultType !== 'vector')
    throw new RuleError(`the expression is a ${answer.resultType}: a rule needs an instant vector or a scalar`)
  return answer.result.map(({ metric, value }) => {
    if (value === undefined)
      throw new RuleError(
        'the expression has histograms as its results: rules take numbers, such as histogram_quantile of them'
      )
    return { labels: Labels.of(Object.entries(metric)), value: numberOf(value[1]) }
  })
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}
