import type { QueryLimits } from '../../../core/promql/sample-store.ts'
import { readDistributions } from './distribution-samples.ts'
import { isNumberForm, type NumberForm, readNumbers } from './number-samples.ts'
import type { SampleParts } from './sample-parts.ts'
import { hasDistributions, type Tables } from './sample-sources.ts'
import type { Selector } from './selector.ts'
import type { Found, FoundSeries } from './series-index.ts'
import type { Statements } from './statements.ts'

export interface LoadRequest extends Tables {
  readonly found: Found
  readonly selector: Selector
  /** Unix ms: `after < time <= until`. */
  readonly after: number
  readonly until: number
  readonly limits: QueryLimits
}

/** Adds the samples of series, whatever their forms, to `parts`. */
export async function loadSamples(
  statements: Statements,
  request: LoadRequest,
  parts: SampleParts,
  signal: AbortSignal
): Promise<void> {
  let left = request.limits.maxSamples
  for (const [form, series] of Map.groupBy(request.found.series, groupOf)) {
    const limits = { ...request.limits, maxSamples: left }
    const range = { ...request, ...rangeOf(series, request.found), limits }
    left -=
      form === 'distribution'
        ? await readDistributions(statements, range, series, parts, signal)
        : await readNumbers(
            statements,
            { ...range, form, hasDistributions: hasDistributions(series) },
            series,
            parts,
            signal
          )
  }
}

/** Names and ids, for a condition of SQL. */
export function rangeOf(series: readonly FoundSeries[], { series: all, isAll }: Found) {
  const names = new Set(series.map(({ metric }) => metric.name))
  // All others have other names, or are others' forms.
  const isWhole = isAll && all.every(({ metric }) => names.has(metric.name))
  return { names: [...names], ids: isWhole ? undefined : [...new Set(series.map(({ id }) => id))] }
}

/** Forms that are made of whole distributions are read together. */
function groupOf({ form }: FoundSeries): NumberForm | 'distribution' {
  return isNumberForm(form) ? form : 'distribution'
}
