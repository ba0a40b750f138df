import { SECOND } from './samples.ts'

/** Relative: stores add up in other orders. Values below {@link TINY} are what remains of such sums. */
const TOLERANCE = 1e-9
const TINY = 1e-10

export interface Asked {
  readonly query: string
  /** Unix ms. */
  readonly start: number
  readonly end: number
  /** 0: an instant query at `end`. */
  readonly stepMs: number
}

type Sample = readonly [seconds: number, value: string]
interface Histogram {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [kind: number, lower: string, upper: string, count: string])[]
}
interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: Sample
  readonly values?: readonly Sample[]
  readonly histogram?: readonly [seconds: number, histogram: Histogram]
  readonly histograms?: readonly (readonly [seconds: number, histogram: Histogram])[]
}

/** Values by labels and time; a histogram is several numbers. An error has its message only. */
export interface Answer {
  readonly error?: string
  readonly type?: string
  readonly values: ReadonlyMap<string, readonly number[]>
}

/** @param url of an API, without `/api/v1` */
export async function ask(url: string, { query, start, end, stepMs }: Asked): Promise<Answer> {
  const text = (ms: number) => String(ms / SECOND)
  const [path, times] =
    stepMs === 0
      ? ['query', { time: text(end) }]
      : ['query_range', { start: text(start), end: text(end), step: text(stepMs) }]
  const body = new URLSearchParams({ query, ...times })
  const response = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body })
  const answer = (await response.json()) as {
    error?: string
    data?: { resultType: string; result: readonly Series[] | Sample }
  }
  if (answer.error !== undefined) return { error: answer.error, values: new Map() }
  const { resultType: type, result } = answer.data!
  return { type, values: type === 'scalar' ? ofScalar(result as Sample) : ofSeries(result as readonly Series[]) }
}

/** The first difference, or undefined if there is none. */
export function difference(got: Answer, want: Answer): string | undefined {
  if (got.error !== undefined || want.error !== undefined)
    return (got.error === undefined) === (want.error === undefined) ? undefined : `${got.error} for ${want.error}`
  if (got.type !== want.type) return `a ${got.type} for a ${want.type}`
  for (const [key, values] of want.values) {
    const ours = got.values.get(key)
    if (ours === undefined) return `${key} is missing, with ${values}`
    if (!areClose(ours, values)) return `${key} is ${ours}, not ${values}`
  }
  const surplus = [...got.values].find(([key]) => !want.values.has(key))
  return surplus === undefined ? undefined : `${surplus[0]} should not be there, with ${surplus[1]}`
}

const ofScalar = ([seconds, value]: Sample) => new Map([[`at ${seconds}`, [numberOf(value)]]])

function ofSeries(series: readonly Series[]): Map<string, number[]> {
  const values = new Map<string, number[]>()
  for (const { metric, ...one } of series) {
    const labels = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const [seconds, value] of one.values ?? [one.value].filter(isThere))
      values.set(`${labels} at ${seconds}`, [numberOf(value)])
    for (const [seconds, histogram] of one.histograms ?? [one.histogram].filter(isThere))
      values.set(`${labels} at ${seconds} as a histogram`, ofHistogram(histogram))
  }
  return values
}

function ofHistogram({ count, sum, buckets = [] }: Histogram): number[] {
  return [count, sum, ...buckets.flatMap(([, lower, upper, own]) => [lower, upper, own])].map(numberOf)
}

const isThere = <T>(value: T | undefined): value is T => value !== undefined

const numberOf = (text: string) => Number(text.replace('Inf', 'Infinity'))

function areClose(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => isClose(value, b[i]))
}

function isClose(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Object.is(a, b)
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)) + TINY
}
