/** UCUM units in the words of Prometheus, as the OpenTelemetry compatibility specification and Prometheus itself do it. */
const UNIT_WORDS: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  // Prometheus writes it so, and a series must get the same name from either.
  TiBy: 'tibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  TBy: 'terabytes',
  m: 'meters',
  V: 'volts',
  A: 'amperes',
  J: 'joules',
  W: 'watts',
  g: 'grams',
  Cel: 'celsius',
  Hz: 'hertz',
  '1': '',
  '%': 'percent'
}

const PER_WORDS: Readonly<Record<string, string>> = {
  s: 'second',
  m: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year'
}

/** The words a unit adds to a name, each maybe empty: `By/s` → `bytes`, `per_second`. Annotations in braces add none. */
export function unitWords(unit: string): { readonly main: string; readonly per: string } {
  const slash = unit.indexOf('/')
  const main = word(slash < 0 ? unit : unit.slice(0, slash), UNIT_WORDS)
  const per = slash < 0 ? '' : word(unit.slice(slash + 1), PER_WORDS)
  return { main, per: per && `per_${per}` }
}

function word(text: string, words: Readonly<Record<string, string>>): string {
  const unit = text.trim()
  if (unit.includes('{') || unit.includes('}')) return ''
  return Object.hasOwn(words, unit) ? words[unit] : unit
}
