import { BoundedText } from '../bounded-text.ts'
import { Html, type Value } from '../values.ts'
import { printValue } from './print-value.ts'

/** Go's `Sprint`: a space stands between two values of which none is a string. */
export function print(values: readonly Value[]): string {
  const text = new BoundedText()
  for (const [i, value] of values.entries()) {
    if (i > 0 && !isString(value) && !isString(values[i - 1])) text.append(' ')
    printValue(text, value)
  }
  return text.text
}

/** Go's `Sprintln`: with a space between all values, and a line break at the end. */
export function println(values: readonly Value[]): string {
  const text = new BoundedText()
  for (const [i, value] of values.entries()) {
    if (i > 0) text.append(' ')
    printValue(text, value)
  }
  return text.append('\n').text
}

const isString = (value: Value) => typeof value === 'string' || value instanceof Html
