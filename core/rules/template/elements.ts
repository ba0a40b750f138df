import { BoundedText } from './bounded-text.ts'
import { printResult } from './printing/print-value.ts'
import { TemplateFailure } from './template-error.ts'
import { AnyMap, Samples, StringMap, type Value } from './values.ts'

/** Indexes or keys, and elements, of a value that `range` goes through. An int stands for the numbers below it. */
export function* elementsOf(value: Value, hasTwoVariables: boolean): Generator<readonly [key: Value, element: Value]> {
  if (value === undefined) return
  if (value instanceof StringMap || value instanceof AnyMap) yield* value.entries
  else if (value instanceof Samples) for (const [i, sample] of value.list.entries()) yield [BigInt(i), sample]
  else if (typeof value === 'bigint' && !hasTwoVariables) for (let i = 0n; i < value; i++) yield [i, i]
  else if (typeof value === 'bigint')
    throw new TemplateFailure(`can't use ${value} to iterate over more than one variable`)
  else throw new TemplateFailure(`range can't iterate over ${printResult(new BoundedText(), value).text}`)
}
