import { QueryError } from '../../core/promql/query-error.ts'
import type { QueryOptions, QueryRequest } from '../../core/queries/requests.ts'
import { bad, type Parameters } from './parameters.ts'

/** More would be more than any graph shows. The Prometheus API has the same bound. */
const MOST_STEPS = 11_000
/** Series of the last 12 hours, if a request names no range, as in Mimir. Prometheus reads all that it has. */
const SERIES_RANGE_MS = 12 * 3_600_000

/** The questions of the Prometheus HTTP API by path. Each reads its parameters, or throws a {@link QueryError}. */
export const QUESTIONS: ReadonlyMap<
  string,
  (parameters: Parameters, now: number, path: PathParameters) => QueryRequest
> = new Map([
  ['query', instant],
  ['query_range', range],
  ['series', series],
  ['labels', (parameters: Parameters, now: number) => ({ kind: 'labels', ...matchersOf(parameters, now) })],
  ['label/:name/values', labelValues],
  ['metadata', metadata],
  ['format_query', (parameters: Parameters) => ({ kind: 'format_query', text: parameters.required('query') })],
  ['parse_query', (parameters: Parameters) => ({ kind: 'parse_query', text: parameters.required('query') })],
  ['query_exemplars', exemplars],
  ['status/tsdb', (parameters: Parameters, now: number) => status(parameters, now)]
] as const)

export interface PathParameters {
  readonly name?: string
}

function instant(parameters: Parameters, now: number): QueryRequest {
  const text = parameters.required('query')
  return { kind: 'query', text, time: parameters.time('time', now), options: optionsOf(parameters) }
}

function range(parameters: Parameters): QueryRequest {
  const text = parameters.required('query')
  const start = parameters.time('start')
  const end = parameters.time('end')
  parameters.required('step')
  const stepMs = parameters.duration('step')!
  if (end < start) throw bad('end', 'it is before start')
  if (stepMs <= 0) throw bad('step', 'zero or negative steps are not accepted: try a positive number of seconds')
  if ((end - start) / stepMs > MOST_STEPS)
    throw new QueryError(
      'bad_data',
      `more than ${MOST_STEPS} points per series: increase step to ${Math.ceil((end - start) / MOST_STEPS / 1000)} s or more, or shorten the range`
    )
  return { kind: 'query_range', text, start, end, stepMs, options: optionsOf(parameters) }
}

function exemplars(parameters: Parameters, now: number): QueryRequest {
  const text = parameters.required('query')
  const end = parameters.time('end', now)
  const start = parameters.time('start', end - SERIES_RANGE_MS)
  if (end < start) throw bad('end', 'it is before start')
  return { kind: 'exemplars', text, start, end }
}

function optionsOf(parameters: Parameters): QueryOptions {
  const lookbackMs = parameters.duration('lookback_delta') ?? 0
  // As in Prometheus, one that is not positive is none.
  return {
    limit: parameters.limit(),
    lookbackMs: lookbackMs > 0 ? lookbackMs : undefined,
    stats: (parameters.text('stats') ?? '') !== ''
  }
}

function series(parameters: Parameters, now: number): QueryRequest {
  if (parameters.all('match[]').length === 0) throw bad('match[]', 'it is missing: give at least one selector')
  return { kind: 'series', ...matchersOf(parameters, now) }
}

function labelValues(parameters: Parameters, now: number, { name = '' }: PathParameters): QueryRequest {
  return { kind: 'label_values', label: unescaped(name), ...matchersOf(parameters, now) }
}

function matchersOf(parameters: Parameters, now: number) {
  const end = parameters.time('end', now)
  const start = parameters.time('start', end - SERIES_RANGE_MS)
  if (end < start) throw bad('end', 'it is before start')
  return { matches: parameters.all('match[]'), start, end, limit: parameters.limit() }
}

function metadata(parameters: Parameters): QueryRequest {
  return { kind: 'metadata', metric: parameters.text('metric'), limit: parameters.limit() }
}

function status(parameters: Parameters, now: number): QueryRequest {
  return { kind: 'tsdb', limit: parameters.limit() || 10, start: now - SERIES_RANGE_MS, end: now, matches: [] }
}

/**
 * Label names in paths may be escaped: `U__` and then `_2E_` for a dot. See
 * https://prometheus.io/docs/prometheus/latest/querying/api/#querying-label-values
 */
function unescaped(name: string): string {
  if (!name.startsWith('U__')) return name
  return name
    .slice(3)
    .replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, code: string | undefined) =>
      code === undefined ? '_' : characterOf(code, whole)
    )
}

function characterOf(code: string, whole: string): string {
  const point = Number.parseInt(code, 16)
  return point <= 0x10ffff ? String.fromCodePoint(point) : whole
}
