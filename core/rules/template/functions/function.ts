import type { RE2JS } from 're2js'
import type { TemplateData } from '../template-data.ts'
import type { Samples, Value } from '../values.ts'

/** A type of a parameter, as Go names it; `any` takes all values. */
export type ParameterType = 'any' | 'string' | 'int' | 'template.queryResult' | '*template.sample'

/** The expansion around a call. */
export interface CallContext {
  readonly data: TemplateData
  /** The series of an instant query at the time of the alert. */
  query(text: string): Promise<Samples>
  /** Throws a `TemplateFailure` if it is no regular expression. */
  regex(pattern: string): RE2JS
}

/** A function of templates. A `TemplateFailure` that it throws becomes Go's `error calling …`. */
export interface TemplateFunction {
  readonly parameters: readonly ParameterType[]
  /** The last parameter may be given any number of times, and left out. */
  readonly isVariadic?: true
  call(values: readonly Value[], context: CallContext): Value | Promise<Value>
}

/** Of a function of one text. */
export function ofText(call: (text: string) => Value): TemplateFunction {
  return { parameters: ['string'], call: ([text]) => call(text as string) }
}
