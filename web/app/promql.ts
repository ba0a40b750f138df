// The Prometheus HTTP API of the query APIs that run in this process, on the admin port.
import { getJson } from './api.ts'
import { place } from './place.ts'
import { statusFeed } from './status.ts'

/** Prometheus's limit is 11,000; a chart has no more pixels than this. */
const MOST_STEPS = 1000
/** Steps that people can read, s. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]

export type Labels = Readonly<Record<string, string>>

/** A native histogram as the API writes it: the last of a bucket's four is its count. */
export interface HistogramValue {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [boundaries: number, left: string, right: string, count: string])[]
}

export interface Series {
  readonly metric: Labels
  /** By time in s. */
  readonly values?: readonly (readonly [number, string])[]
  readonly histograms?: readonly (readonly [number, HistogramValue])[]
}

export interface Instant {
  readonly metric: Labels
  readonly value?: readonly [number, string]
  readonly histogram?: readonly [number, HistogramValue]
}

export type QueryData =
  | { readonly resultType: 'matrix'; readonly result: readonly Series[] }
  | { readonly resultType: 'vector'; readonly result: readonly Instant[] }
  | { readonly resultType: 'scalar' | 'string'; readonly result: readonly [number, string] }

/** An answer with what the server remarks. */
export interface Answer<T> {
  readonly data: T
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

/** A span of time on a grid, in s. */
export interface Grid {
  readonly start: number
  readonly end: number
  readonly step: number
}

/** A grid on multiples of a step that people can read, so that what is asked again is the same. */
export function gridOf(from: number, to: number, steps = MOST_STEPS): Grid {
  const finest = (to - from) / steps
  const step = STEPS.find(one => one >= finest) ?? Math.ceil(finest / 86_400) * 86_400
  return { start: Math.floor(from / step) * step, end: Math.floor(to / step) * step, step }
}

export async function queryRange(query: string, grid: Grid, signal?: AbortSignal): Promise<Answer<QueryData>> {
  const { start, end, step } = grid
  return ask('query_range', { query, start: String(start), end: String(end), step: String(step) }, signal)
}

/** @param time s; now by default */
export async function query(query: string, time?: number, signal?: AbortSignal): Promise<Answer<QueryData>> {
  return ask('query', { query, time: time === undefined ? undefined : String(time) }, signal)
}

type Texts = readonly string[]

export interface Selection {
  readonly matchers?: Texts
  readonly grid?: Grid
  readonly limit?: number
}

export async function labelNames(selection: Selection = {}, signal?: AbortSignal): Promise<Texts> {
  return (await ask<Texts>('labels', parametersOf(selection), signal)).data
}

export async function labelValues(label: string, selection: Selection = {}, signal?: AbortSignal): Promise<Texts> {
  return (await ask<Texts>(`label/${escapedName(label)}/values`, parametersOf(selection), signal)).data
}

export async function seriesOf(selection: Selection, signal?: AbortSignal): Promise<readonly Labels[]> {
  return (await ask<readonly Labels[]>('series', parametersOf(selection), signal)).data
}

/** Any question of the API: `name` is its path behind `/api/v1/`. */
export async function ask<T>(
  name: string,
  parameters: Readonly<Record<string, string | Texts | undefined>>,
  signal?: AbortSignal
): Promise<Answer<T>> {
  const answer = await getJson<Partial<Answer<T>>>(`${await apiUrl()}/${name}`, { query: parameters, signal })
  return { data: answer.data as T, warnings: answer.warnings ?? [], infos: answer.infos ?? [] }
}

/** Path of the query API that the page asks: the one in the URL, or the first. */
export async function apiUrl(): Promise<string> {
  const { queryApis } = await statusFeed.known()
  const source = place.get('source')
  const id = source !== undefined && queryApis.includes(source) ? source : queryApis[0]
  if (id === undefined) throw new Error('No query API runs here: add the extension query_api to the configuration.')
  return `/api/extensions/${id}/api/v1`
}

function parametersOf({ matchers, grid, limit }: Selection): Record<string, string | Texts | undefined> {
  return {
    'match[]': matchers,
    start: grid && String(grid.start),
    end: grid && String(grid.end),
    limit: limit === undefined ? undefined : String(limit)
  }
}

/** Names that are no part of a path are escaped as Prometheus does it: https://prometheus.io/docs/prometheus/latest/querying/api/#querying-label-values */
function escapedName(label: string): string {
  if (/^[a-zA-Z_]\w*$/.test(label) && !label.startsWith('U__')) return label
  const escaped = Array.from(label.replaceAll('_', '__'), character =>
    /\w/.test(character) ? character : `_${character.codePointAt(0)!.toString(16)}_`
  )
  return `U__${escaped.join('')}`
}
