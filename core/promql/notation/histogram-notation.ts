import {
  type Buckets,
  type CounterReset,
  CUSTOM_BUCKETS,
  type FloatHistogram,
  NO_BUCKETS
} from '../histogram/float-histogram.ts'
import { bad } from './bad.ts'

const KEYS: ReadonlySet<string> = new Set([
  'schema',
  'sum',
  'count',
  'z_bucket',
  'z_bucket_w',
  'custom_values',
  'buckets',
  'offset',
  'n_buckets',
  'n_offset',
  'counter_reset_hint'
])
const RESETS: ReadonlySet<string> = new Set<CounterReset>(['unknown', 'reset', 'not_reset', 'gauge'])
const ENTRY = /([a-z_]+):(\[[^\]]*\]|[^\s[\]]+)/gy

/** A histogram, and whether its mark of counter resets was written. */
export interface NotedHistogram {
  readonly histogram: FloatHistogram
  readonly resetWritten: boolean
}

/** Reads `{{schema:1 count:3 sum:5 buckets:[1 2]}}`. Throws a `QueryError`. */
export function parseHistogram(text: string): NotedHistogram {
  const entries = entriesOf(text.slice(2, -2).trim())
  const number = (key: string) => (entries.has(key) ? toNumber(entries.get(key)!) : 0)
  const list = (key: string) => listOf(entries.get(key) ?? '[]')
  const reset = entries.get('counter_reset_hint') ?? 'unknown'
  if (!RESETS.has(reset)) throw bad(`counter_reset_hint is one of ${[...RESETS].join(', ')}, not ${reset}`)
  const histogram: FloatHistogram = {
    schema: number('schema'),
    counterReset: reset as CounterReset,
    count: number('count'),
    sum: number('sum'),
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    positive: bucketsOf(list('buckets'), number('offset')),
    negative: bucketsOf(list('n_buckets'), number('n_offset')),
    customBounds: Float64Array.from(list('custom_values'))
  }
  return { histogram, resetWritten: entries.has('counter_reset_hint') }
}

/** The notation of a histogram, for messages. */
export function showHistogram(histogram: FloatHistogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, positive, negative, customBounds, counterReset } = histogram
  const entries = [`schema:${schema}`, `count:${count}`, `sum:${sum}`]
  if (zeroCount !== 0 || zeroThreshold !== 0) entries.push(`z_bucket:${zeroCount} z_bucket_w:${zeroThreshold}`)
  if (schema === CUSTOM_BUCKETS) entries.push(`custom_values:[${customBounds.join(' ')}]`)
  if (positive.counts.length > 0) entries.push(`offset:${positive.offset} buckets:[${positive.counts.join(' ')}]`)
  if (negative.counts.length > 0) entries.push(`n_offset:${negative.offset} n_buckets:[${negative.counts.join(' ')}]`)
  return `{{${entries.join(' ')} counter_reset_hint:${counterReset}}}`
}

/** A number as Go reads it: `Inf` in any case. Throws a `QueryError`. */
export function toNumber(text: string): number {
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  const value = Number(text)
  if (text.trim() === '' || (Number.isNaN(value) && !/^[+-]?nan$/i.test(text))) throw bad(`"${text}" is no number`)
  return value
}

function entriesOf(body: string): Map<string, string> {
  const entries = new Map<string, string>()
  let at = 0
  while (at < body.length) {
    ENTRY.lastIndex = at
    const found = ENTRY.exec(body)
    if (found === null || !KEYS.has(found[1]!))
      throw bad(`"${body.slice(at)}" is no entry of a histogram: it has ${[...KEYS].join(', ')}`)
    if (entries.has(found[1]!)) throw bad(`duplicate key ${found[1]} in histogram`)
    entries.set(found[1]!, found[2]!)
    at = ENTRY.lastIndex
    while (body[at] === ' ') at++
  }
  return entries
}

function listOf(text: string): number[] {
  const body = text.slice(1, -1).trim()
  return body === '' ? [] : body.split(/\s+/).map(toNumber)
}

function bucketsOf(counts: readonly number[], offset: number): Buckets {
  return counts.length === 0 ? NO_BUCKETS : { offset, counts: Float64Array.from(counts) }
}
