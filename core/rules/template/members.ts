import type { TemplateFunction } from './functions/function.ts'
import { TemplateFailure } from './template-error.ts'
import { GoDuration, GoTime, NamedInt } from './times.ts'
import { AlertData, AnyMap, Sample, StringMap, typeName, type Value } from './values.ts'

/** A field of a value, or a method that is to be called with arguments. */
export type Member = { readonly value: Value; readonly of: 'map' | 'struct' } | { readonly method: TemplateFunction }

const int = (value: number) => BigInt(value)
const method =
  <T>(call: (of: T) => Value) =>
  (of: T): TemplateFunction => ({ parameters: [], call: () => call(of) })

const TIME_METHODS: Readonly<Record<string, (time: GoTime) => TemplateFunction>> = {
  Unix: method(time => int(Math.floor(time.ms / 1000))),
  UnixMilli: method(time => int(time.ms)),
  UnixNano: method(time => int(time.ms) * 1_000_000n),
  Year: method(time => int(time.year)),
  Month: method(time => time.month),
  Day: method(time => int(time.day)),
  Weekday: method(time => time.weekday),
  YearDay: method(time => int(time.yearDay)),
  Hour: method(time => int(time.hour)),
  Minute: method(time => int(time.minute)),
  Second: method(time => int(time.second)),
  UTC: method(time => time),
  String: method(time => time.text),
  Format: time => ({ parameters: ['string'], call: ([layout]) => time.format(layout as string) })
}

const DURATION_METHODS: Readonly<Record<string, (duration: GoDuration) => TemplateFunction>> = {
  Hours: method(duration => duration.seconds / 3600),
  Minutes: method(duration => duration.seconds / 60),
  Seconds: method(duration => duration.seconds),
  Milliseconds: method(duration => duration.milliseconds),
  Nanoseconds: method(duration => duration.nanoseconds),
  String: method(duration => duration.text)
}

/** The member of a value. Throws a {@link TemplateFailure} if there is none; a missing key of a map is empty. */
export function memberOf(value: Value, name: string): Member {
  const found = methodOf(value, name) ?? fieldOf(value, name)
  if (found !== undefined) return found
  if (value === undefined) throw new TemplateFailure(`nil pointer evaluating interface {}.${name}`)
  throw new TemplateFailure(`can't evaluate field ${name} in type ${typeName(value)}`)
}

function methodOf(value: Value, name: string): Member | undefined {
  const made =
    value instanceof GoTime
      ? own(TIME_METHODS, name)?.(value)
      : value instanceof GoDuration
        ? own(DURATION_METHODS, name)?.(value)
        : value instanceof NamedInt && name === 'String'
          ? method<NamedInt>(named => named.text)(value)
          : undefined
  return made && { method: made }
}

function fieldOf(value: Value, name: string): Member | undefined {
  if (value instanceof StringMap) return { value: value.entries.get(name) ?? '', of: 'map' }
  if (value instanceof AnyMap) return { value: value.entries.get(name), of: 'map' }
  if (value instanceof AlertData && value.fields.has(name)) return { value: value.fields.get(name), of: 'struct' }
  if (!(value instanceof Sample)) return undefined
  if (name === 'Labels') return { value: value.labels, of: 'struct' }
  return name === 'Value' ? { value: value.value, of: 'struct' } : undefined
}

const own = <T>(table: Readonly<Record<string, T>>, name: string) =>
  Object.hasOwn(table, name) ? table[name] : undefined
