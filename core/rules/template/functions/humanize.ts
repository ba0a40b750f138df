import { formatFloat } from '../printing/float-format.ts'
import type { Value } from '../values.ts'
import type { TemplateFunction } from './function.ts'
import { goTimeOf, numberOf } from './numbers.ts'

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const LARGE_BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']
const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

const ofNumber = (call: (value: number) => string): TemplateFunction => ({
  parameters: ['any'],
  call: ([value]: readonly Value[]) => call(numberOf(value))
})

/** Numbers for people: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/#numbers */
export const HUMANIZE: Readonly<Record<string, TemplateFunction>> = {
  humanize: ofNumber(humanize),
  humanize1024: ofNumber(value =>
    Math.abs(value) <= 1 || !Number.isFinite(value) ? digits(value) : scaledDown(value, 1024, LARGE_BINARY)
  ),
  humanizeDuration: ofNumber(humanizeDuration),
  humanizePercentage: ofNumber(value => `${digits(value * 100)}%`),
  humanizeTimestamp: ofNumber(value => (Number.isFinite(value) ? goTimeOf(value).text : digits(value)))
}

function humanize(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return digits(value)
  return Math.abs(value) >= 1 ? scaledDown(value, 1000, LARGE) : scaledUp(value)
}

function humanizeDuration(value: number): string {
  if (!Number.isFinite(value)) return digits(value)
  const size = Math.abs(value)
  if (value === 0 || size < 1) return `${value === 0 ? digits(value) : scaledUp(value)}s`
  const sign = value < 0 ? '-' : ''
  if (size < MINUTE) return `${sign}${digits(size)}s`
  const whole = BigInt(Math.trunc(size))
  const part = (unit: number, of?: number) => {
    const count = whole / BigInt(unit)
    return of === undefined ? count : count % BigInt(of)
  }
  const seconds = `${part(1, 60)}s`
  if (size < HOUR) return `${sign}${part(MINUTE)}m ${seconds}`
  if (size < DAY) return `${sign}${part(HOUR)}h ${part(MINUTE, 60)}m ${seconds}`
  return `${sign}${part(DAY)}d ${part(HOUR, 24)}h ${part(MINUTE, 60)}m ${seconds}`
}

function scaledDown(value: number, factor: number, prefixes: readonly string[]): string {
  let scaled = value
  let prefix = ''
  for (const next of prefixes) {
    if (Math.abs(scaled) < factor) break
    prefix = next
    scaled /= factor
  }
  return digits(scaled) + prefix
}

function scaledUp(value: number): string {
  let scaled = value
  let prefix = ''
  for (const next of SMALL) {
    if (Math.abs(scaled) >= 1) break
    prefix = next
    scaled *= 1000
  }
  return digits(scaled) + prefix
}

/** Four of them. */
const digits = (value: number) => formatFloat(value, 'g', 4)
