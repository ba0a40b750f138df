// Numbers for people, on the page and in terminals.

const LOCALE = 'en'
const exact = new Intl.NumberFormat(LOCALE)
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
const TIME_UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'm'],
  [1, 's']
] as const

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
