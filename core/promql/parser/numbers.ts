const MS = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1
}
const DURATION = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
/** Prometheus keeps durations as nanoseconds in 64 bits: 292 years. */
export const LONGEST_DURATION_MS = 2 ** 63 / 1e6

/** Value of a number as PromQL writes it: decimal, hexadecimal, octal after a leading 0, with underscores. */
export function numberOf(text: string): number {
  const digits = text.replaceAll('_', '').toLowerCase()
  if (/^0x/.test(digits)) return Number(digits)
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8)
  if (digits === 'inf') return Number.POSITIVE_INFINITY
  return digits === 'nan' ? Number.NaN : Number(digits)
}

/** Ms of a duration such as `1h30m`, each unit at most once and larger ones first. Undefined if it is none, or too long. */
export function durationMs(text: string): number | undefined {
  const found = DURATION.exec(text)
  if (found === null) return undefined
  const ms = Object.values(MS).reduce((sum, unit, i) => sum + unit * Number(found[i + 1] ?? 0), 0)
  return ms >= LONGEST_DURATION_MS ? undefined : ms
}

/** A duration as Prometheus writes it: `1h30m`. Years and weeks only if nothing is left over. Fractions of ms are cut off. */
export function durationText(durationMs: number): string {
  let rest = Math.trunc(Math.abs(durationMs))
  if (rest === 0) return '0s'
  let text = durationMs < 0 ? '-' : ''
  for (const [unit, ms] of Object.entries(MS)) {
    if ((unit === 'y' || unit === 'w') && rest % ms !== 0) continue
    const count = Math.floor(rest / ms)
    if (count > 0) text += `${count}${unit}`
    rest -= count * ms
  }
  return text
}
