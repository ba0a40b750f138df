import { bytes, compact, duration } from '../../core/readable.ts'

export { bytes, compact, count, duration } from '../../core/readable.ts'

const LOCALE = 'en'
const precise = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4 })
/** Units that charts and dashboards know. */
export type Unit = 'none' | 'bytes' | 'seconds' | 'percent'

/** A value of a chart: 1.2M, 0.0123, 1.5 MiB, 12 ms, 99 %. Exact below a million where four digits suffice. */
export function quantity(value: number, unit: Unit = 'none'): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞'
  if (unit === 'bytes') return bytes(value)
  if (unit === 'percent') return `${precise.format(value * 100)} %`
  if (unit === 'seconds') return secondsText(value)
  return Math.abs(value) >= 100_000 ? compact(value) : precise.format(value)
}

function secondsText(value: number): string {
  const size = Math.abs(value)
  if (size >= 120) return `${value < 0 ? '−' : ''}${duration(size)}`
  if (size >= 1 || size === 0) return `${precise.format(value)} s`
  return size >= 1e-3 ? `${precise.format(value * 1e3)} ms` : `${precise.format(value * 1e6)} µs`
}

/** `{plan="pro"}`, `up{job="a"}` */
export function seriesName(labels: Readonly<Record<string, string>>): string {
  const { __name__: name = '', ...others } = labels
  const pairs = Object.entries(others).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return pairs.length === 0 && name !== '' ? name : `${name}{${pairs.join(', ')}}`
}

/** Date and time of day where the browser is: 2026-03-01 12:00:05 */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
