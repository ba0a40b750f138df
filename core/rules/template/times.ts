const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const NS_PER_MS = 1_000_000n
const NS_PER_SECOND = 1_000_000_000n
const NS_PER_DAY_MS = 86_400_000

/** Reference time of Go's layouts, by its parts, the longest first. */
const LAYOUT =
  /January|Jan|Monday|Mon|MST|2006|Z07:00|Z0700|-07:00|-0700|-07|[.,](?:0+|9+)(?!\d)|002|01|02|03|04|05|06|15|_2|PM|pm|[1-5]/g

/** An int with names, such as `time.Month`. */
export class NamedInt {
  readonly typeName: string
  readonly value: bigint
  readonly text: string

  constructor(typeName: string, value: number, text: string) {
    this.typeName = typeName
    this.value = BigInt(value)
    this.text = text
  }
}

/** A time in UTC: Go's `time.Time`. */
export class GoTime {
  /** Unix ms. */
  readonly ms: number
  readonly #date: Date

  constructor(ms: number) {
    this.ms = ms
    this.#date = new Date(ms)
  }

  /** `2024-02-29 12:00:00.5 +0000 UTC`. */
  get text(): string {
    return this.format('2006-01-02 15:04:05.999999999 -0700 MST')
  }

  get month(): NamedInt {
    const month = this.#date.getUTCMonth()
    return new NamedInt('time.Month', month + 1, MONTHS[month]!)
  }

  get weekday(): NamedInt {
    const day = this.#date.getUTCDay()
    return new NamedInt('time.Weekday', day, DAYS[day]!)
  }

  get year(): number {
    return this.#date.getUTCFullYear()
  }

  get day(): number {
    return this.#date.getUTCDate()
  }

  get hour(): number {
    return this.#date.getUTCHours()
  }

  get minute(): number {
    return this.#date.getUTCMinutes()
  }

  get second(): number {
    return this.#date.getUTCSeconds()
  }

  get yearDay(): number {
    return Math.floor((this.ms - Date.UTC(this.year, 0, 1)) / NS_PER_DAY_MS) + 1
  }

  /** By a layout of Go, which shows the time Mon Jan 2 15:04:05 2006: https://pkg.go.dev/time#pkg-constants */
  format(layout: string): string {
    return layout.replace(LAYOUT, part => this.#part(part))
  }

  #part(part: string): string {
    const two = (value: number) => String(value).padStart(2, '0')
    if (/^[.,]/.test(part)) return this.#fraction(part)
    const { hour } = this
    const short = hour % 12 === 0 ? 12 : hour % 12
    const texts: Readonly<Record<string, string>> = {
      January: this.month.text,
      Jan: this.month.text.slice(0, 3),
      '01': two(Number(this.month.value)),
      '1': String(this.month.value),
      Monday: this.weekday.text,
      Mon: this.weekday.text.slice(0, 3),
      '02': two(this.day),
      '2': String(this.day),
      _2: String(this.day).padStart(2, ' '),
      '002': String(this.yearDay).padStart(3, '0'),
      '15': two(hour),
      '03': two(short),
      '3': String(short),
      '04': two(this.minute),
      '4': String(this.minute),
      '05': two(this.second),
      '5': String(this.second),
      '2006': String(this.year).padStart(4, '0'),
      '06': two(this.year % 100),
      PM: hour < 12 ? 'AM' : 'PM',
      pm: hour < 12 ? 'am' : 'pm',
      MST: 'UTC',
      '-0700': '+0000',
      '-07:00': '+00:00',
      '-07': '+00',
      Z0700: 'Z',
      'Z07:00': 'Z'
    }
    return texts[part]!
  }

  /** Zeros keep all digits, nines leave zeros at the end out. */
  #fraction(part: string): string {
    const ms = ((this.ms % 1000) + 1000) % 1000
    const digits = String(ms)
      .padStart(3, '0')
      .padEnd(part.length - 1, '0')
      .slice(0, part.length - 1)
    if (part[1] === '0') return part[0] + digits
    const shown = digits.replace(/0{1,9}$/, '')
    return shown === '' ? '' : part[0] + shown
  }
}

/** Go's `time.Duration`. */
export class GoDuration {
  readonly nanoseconds: bigint

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }

  get seconds(): number {
    return Number(this.nanoseconds) / Number(NS_PER_SECOND)
  }

  get milliseconds(): bigint {
    return this.nanoseconds / NS_PER_MS
  }

  /** `1h2m3.5s`, below a second `1.5ms`, `2µs` or `7ns`. */
  get text(): string {
    const { nanoseconds } = this
    const sign = nanoseconds < 0n ? '-' : ''
    const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
    if (size === 0n) return '0s'
    if (size < 1000n) return `${sign}${size}ns`
    if (size < NS_PER_MS) return `${sign}${decimal(size, 3)}µs`
    if (size < NS_PER_SECOND) return `${sign}${decimal(size, 6)}ms`
    const minutes = size / (60n * NS_PER_SECOND)
    const seconds = `${decimal(size % (60n * NS_PER_SECOND), 9)}s`
    if (minutes === 0n) return sign + seconds
    return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
  }
}

/** A whole number of units of 10^-places, without zeros at the end. */
function decimal(value: bigint, places: number): string {
  const unit = 10n ** BigInt(places)
  const fraction = String(value % unit)
    .padStart(places, '0')
    .replace(/0{1,9}$/, '')
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`
}
