import type { Request } from 'express'
import { durationMs } from '../../core/promql/parser/numbers.ts'
import { QueryError } from '../../core/promql/query-error.ts'

const MAX_FORM_BYTES = 2 ** 20
const FORM = 'application/x-www-form-urlencoded'
/** Of an RFC 3339 time. */
const CALENDAR = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
/** Each part can match in one way only: the time to refuse a text is linear in its length. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
/** ms. Beyond it JavaScript has no dates. */
const MAX_TIME_MS = 8.64e15

/** Parameters of a request: of its URL and, with POST, of its form. Methods throw a `QueryError` of kind `bad_data`. */
export class Parameters {
  readonly #values: URLSearchParams

  constructor(values: URLSearchParams) {
    this.#values = values
  }

  static async of(request: Request): Promise<Parameters> {
    const query = request.originalUrl.replace(/^[^?]*\??/, '')
    if (request.method !== 'POST') return new Parameters(new URLSearchParams(query))
    const type = request.headers['content-type']?.split(';', 1)[0].trim().toLowerCase()
    const form = await readText(request)
    if (form !== '' && type !== FORM) throw bad('content-type', `expected ${FORM}, not ${type ?? 'none'}`)
    return new Parameters(new URLSearchParams(`${form}&${query}`))
  }

  text(name: string): string | undefined {
    return this.#values.get(name) ?? undefined
  }

  required(name: string): string {
    const value = this.text(name)
    if (value === undefined || value === '') throw bad(name, 'it is missing')
    return value
  }

  get names(): readonly string[] {
    return [...this.#values.keys()]
  }

  all(name: string): string[] {
    return this.#values.getAll(name)
  }

  /** Unix ms: seconds since 1970, or a time of RFC 3339. */
  time(name: string, fallback?: number): number {
    const value = fallback === undefined ? this.required(name) : this.text(name)
    if (value === undefined || value === '') return fallback!
    const ms = CALENDAR.test(value) ? Date.parse(value) : Math.round(numberOf(value) * 1000)
    if (!(Math.abs(ms) <= MAX_TIME_MS))
      throw bad(name, `"${shortened(value)}" is no time: use seconds since 1970, or 2026-01-31T12:00:00Z`)
    return ms
  }

  /** ms: seconds, or a duration such as 1m30s. Undefined if it is not given. */
  duration(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined || value === '') return undefined
    const seconds = numberOf(value)
    const ms = Number.isNaN(seconds) ? durationMs(value) : Math.round(seconds * 1000)
    if (ms === undefined || !(Math.abs(ms) <= MAX_TIME_MS))
      throw bad(name, `"${shortened(value)}" is no duration: use seconds, or 5m`)
    return ms
  }

  /** 0 if it is not given. */
  limit(name = 'limit'): number {
    const value = this.text(name) ?? ''
    if (value === '') return 0
    if (!/^\d{1,15}$/.test(value)) throw bad(name, `"${shortened(value)}" is no whole number from 0 on`)
    return Number(value)
  }

  /** For another server. */
  get encoded(): string {
    return this.#values.toString()
  }

  /** With every value of `name` replaced by what `change` makes of it. */
  changed(name: string, change: (value: string) => string): Parameters {
    const values = Array.from(this.#values, ([own, value]): [string, string] => [
      own,
      own === name ? change(value) : value
    ])
    return new Parameters(new URLSearchParams(values))
  }

  only(names: ReadonlySet<string>): Parameters {
    return new Parameters(new URLSearchParams([...this.#values].filter(([name]) => names.has(name))))
  }

  with(name: string, value: string): Parameters {
    return new Parameters(new URLSearchParams([...this.#values, [name, value]]))
  }
}

export function bad(name: string, message: string): QueryError {
  return new QueryError('bad_data', `invalid parameter "${name}": ${message}`)
}

const shortened = (value: string) => (value.length > 100 ? `${value.slice(0, 100)}…` : value)

/** NaN for what is no decimal number. */
function numberOf(value: string): number {
  return DECIMAL.test(value) ? Number(value) : Number.NaN
}

async function readText(request: Request): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // To its end also if it is refused: the next request comes by the same connection.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAX_FORM_BYTES) chunks.push(chunk)
  }
  if (bytes > MAX_FORM_BYTES) throw bad('form', `it has more than ${MAX_FORM_BYTES} bytes`)
  return Buffer.concat(chunks).toString()
}
