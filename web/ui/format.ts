const LOCALE = 'en'
const exact = new Intl.NumberFormat(LOCALE)
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })
const precise = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 4 })
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const TIME_UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's']
] as const

/** Units that charts and dashboards know. */
export type Unit = 'none' | 'bytes' | 'seconds' | 'percent'

/** 1,234,567 */
export const count = (value: number) => exact.format(value)

/** 1.2M */
export const compact = (value: number) => short.format(value)

/** 1.5 MiB */
export function bytes(value: number): string {
  const power = Math.abs(value) < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(Math.abs(value)) / 10))
  return `${short.format(value / 1024 ** power)} ${BYTE_UNITS[power]}`
}

/** The two largest units: 3d 4h, 1m 30s, 5s. */
export function duration(seconds: number): string {
  const first = TIME_UNITS.findIndex(([size]) => seconds >= size)
  if (first < 0) return '0s'
  const [[size, unit], next] = TIME_UNITS.slice(first)
  const rest = next === undefined ? '' : ` ${Math.floor((seconds % size) / next[0])}${next[1]}`
  return `${Math.floor(seconds / size)}${unit}${rest}`
}

/** A value of a chart: 1.2M, 0.0123, 1.5 MiB, 12 ms, 99 %. Exact below a million where four digits suffice. */
export function quantity(value: number, unit: Unit = 'none'): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞'
  if (unit === 'bytes') return bytes(value)
  if (unit === 'percent') return `${precise.format(value * 100)} %`
  if (unit === 'seconds') return secondsText(value)
  return Math.abs(value) >= 100_000 ? short.format(value) : precise.format(value)
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
