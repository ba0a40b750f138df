import { GoDuration, GoTime, NamedInt } from './times.ts'

/**
 * A value of a template: a string, bool, float64 (number) or int (bigint), or one of the classes. Undefined is Go's nil
 * without a type.
 */
export type Value =
  | undefined
  | string
  | boolean
  | number
  | bigint
  | StringMap
  | AnyMap
  | AlertData
  | Samples
  | Sample
  | Html
  | GoTime
  | GoDuration
  | NamedInt

/** Labels: `map[string]string`. */
export class StringMap {
  readonly entries: ReadonlyMap<string, string>

  constructor(entries: Readonly<Record<string, string>>) {
    this.entries = new Map(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** The result of `args`: `map[string]interface {}`. */
export class AnyMap {
  readonly entries: ReadonlyMap<string, Value>

  constructor(entries: ReadonlyMap<string, Value>) {
    this.entries = entries
  }
}

/** The dot of an alert's templates. */
export class AlertData {
  readonly fields: ReadonlyMap<string, Value>

  constructor(fields: Readonly<Record<string, Value>>) {
    this.fields = new Map(Object.entries(fields))
  }
}

/** One series of a query. */
export class Sample {
  readonly labels: StringMap
  readonly value: number

  constructor(labels: StringMap, value: number) {
    this.labels = labels
    this.value = value
  }
}

/** The result of a query. */
export class Samples {
  readonly list: readonly Sample[]

  constructor(list: readonly Sample[]) {
    this.list = list
  }
}

/** A text of `safeHtml`. Go gives it a type of its own, so that functions of strings refuse it. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** As Go names the type. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'undefined':
      return '<nil>'
    case 'string':
      return 'string'
    case 'boolean':
      return 'bool'
    case 'number':
      return 'float64'
    case 'bigint':
      return 'int'
  }
  if (value instanceof StringMap) return 'map[string]string'
  if (value instanceof AnyMap) return 'map[string]interface {}'
  if (value instanceof Samples) return 'template.queryResult'
  if (value instanceof Sample) return '*template.sample'
  if (value instanceof Html) return 'template.HTML'
  if (value instanceof GoTime) return '*time.Time'
  if (value instanceof GoDuration) return '*time.Duration'
  if (value instanceof NamedInt) return value.typeName
  return 'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }'
}

/** True unless the value is empty: false, 0, nil, or without elements. */
export function isTrue(value: Value): boolean {
  if (typeof value !== 'object') return Boolean(value) || Number.isNaN(value)
  if (value instanceof StringMap || value instanceof AnyMap) return value.entries.size > 0
  if (value instanceof Samples) return value.list.length > 0
  if (value instanceof Html) return value.text !== ''
  return value instanceof NamedInt ? value.value !== 0n : true
}
