import { shortFloat } from '../../../promql/float-text.ts'
import type { BoundedText } from '../bounded-text.ts'
import { GoDuration, GoTime, NamedInt } from '../times.ts'
import { type AlertData, AnyMap, Html, Sample, Samples, StringMap, type Value } from '../values.ts'

/** Go's text of nil. */
export const NIL_TEXT = '<nil>'
/** Go's text of nil where it is the value of an action. */
const NO_VALUE = '<no value>'

/** The text of a value that is one thing; undefined for one with elements. */
export function plainText(value: Value): string | undefined {
  switch (typeof value) {
    case 'undefined':
      return NIL_TEXT
    case 'string':
      return value
    case 'number':
      return shortFloat(value)
    case 'bigint':
    case 'boolean':
      return String(value)
  }
  const hasText =
    value instanceof Html || value instanceof GoTime || value instanceof GoDuration || value instanceof NamedInt
  return hasText ? value.text : undefined
}

/**
 * Appends a value as Go's `%v` prints it: `map[a:b c:d]`, `1e+06`. Elements of a query's result, which Go prints as
 * addresses, are printed as they are.
 * @param one prints a value that is one thing, by another verb
 */
export function printValue(text: BoundedText, value: Value, one = (each: Value) => plainText(each)!): BoundedText {
  if (plainText(value) !== undefined) return text.append(one(value))
  const print = (each: Value) => printValue(text, each, one)
  if (value instanceof Samples) printList(text, '[', value.list, print)
  else if (value instanceof Sample) printList(text, '&{', [value.labels, value.value], print)
  else if (value instanceof StringMap || value instanceof AnyMap) printMap(text, value.entries, print, one)
  else printList(text, '{', [...(value as AlertData).fields.values()], print)
  return text
}

/** Appends the value of an action: as {@link printValue}, but without the mark of a pointer. */
export function printResult(text: BoundedText, value: Value): BoundedText {
  if (value === undefined) return text.append(NO_VALUE)
  if (!(value instanceof Sample)) return printValue(text, value)
  printList(text, '{', [value.labels, value.value], each => printValue(text, each))
  return text
}

function printList(
  text: BoundedText,
  open: '[' | '{' | '&{',
  values: readonly Value[],
  print: (value: Value) => unknown
): void {
  text.append(open)
  for (const [i, value] of values.entries()) {
    if (i > 0) text.append(' ')
    print(value)
  }
  text.append(open === '[' ? ']' : '}')
}

function printMap(
  text: BoundedText,
  entries: ReadonlyMap<string, Value>,
  print: (value: Value) => unknown,
  one: (value: Value) => string
): void {
  text.append('map[')
  let separator = ''
  for (const [key, value] of entries) {
    text.append(`${separator}${one(key)}:`)
    separator = ' '
    print(value)
  }
  text.append(']')
}
