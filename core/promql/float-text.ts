/** Shortest digits and exponent of a finite number. */
const PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/
/** Go's format `g` writes an exponent below and from these. */
const LEAST_PLAIN = -4
const LEAST_EXPONENT = 6

/** Every digit of a number, without an exponent, as Go writes it by the format `f`: `0.000001`, `+Inf`, `NaN`. */
export function plainFloat(value: number): string {
  if (!Number.isFinite(value) || value === 0) return special(value)
  const text = String(value)
  const [, sign, whole, fraction = '', exponent] = PARTS.exec(text)!
  if (exponent === undefined) return text
  const digits = whole! + fraction
  const point = whole!.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return `${sign}${digits.padEnd(point, '0')}`
}

/** A value in answers of the Prometheus API: very small and large ones with an exponent of two digits or more, `1e-07`. */
export function apiFloat(value: number): string {
  if (!Number.isFinite(value) || value === 0) return special(value)
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** As Go writes it by the format `g`: `1e+06`, `0.0001`. */
export function shortFloat(value: number): string {
  if (!Number.isFinite(value) || value === 0) return special(value)
  const [mantissa, power] = value.toExponential().split('e') as [string, string]
  const exponent = Number(power)
  if (exponent >= LEAST_PLAIN && exponent < LEAST_EXPONENT) return plainFloat(value)
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

function special(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
