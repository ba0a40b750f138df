import type { JsonSchema } from '../../schema/json-schema.ts'
import type { MetricKind, Temporality } from '../series.ts'

/** All of the conditions of a mapping must hold; of a list of mappings, one mapping. */
export type MatchConfig = Conditions | readonly Conditions[]

export interface Conditions {
  /** Name of the metric or event. */
  readonly name?: Condition
  readonly kind?: ItemKind | readonly ItemKind[]
  readonly temporality?: Temporality | readonly Temporality[]
  /** Attributes of the item, or else of its resource. */
  readonly attributes?: Readonly<Record<string, Condition>>
}

export type ItemKind = MetricKind | 'event'
/** A value or several to choose from, compared as text; a `*` stands for any characters. */
export type Values = Scalar | readonly Scalar[]
export type Scalar = string | number | boolean
export type Condition = Values | Test
/** All that is said must hold. Of a name only `regex` and `not` can be said. */
export interface Test extends Partial<Record<(typeof LIMITS)[number], number>> {
  /** Found anywhere in the text, in RE2 syntax. */
  readonly regex?: string
  /** Holds for a missing attribute, too. */
  readonly not?: Values | { readonly regex: string }
  readonly exists?: boolean
}

/** Bounds of a number, or of a text that reads as one. */
export const LIMITS = ['gt', 'gte', 'lt', 'lte'] as const

export const ITEM_KINDS: readonly ItemKind[] = [
  'gauge',
  'counter',
  'up_down_counter',
  'histogram',
  'exponential_histogram',
  'summary',
  'set',
  'event'
]
const TEMPORALITIES = ['delta', 'cumulative', 'unspecified']
const SCALARS = ['string', 'number', 'boolean']
const REGEX: JsonSchema = { regex: { type: 'string' } }

// One schema for a value, a list of values and a mapping of tests, so that an error is about the form that was written.
const condition = (values: readonly string[], tests: JsonSchema): JsonSchema => ({
  type: [...values, 'array', 'object'],
  items: { type: values },
  minItems: 1,
  properties: tests,
  minProperties: 1,
  additionalProperties: false
})

const oneOrMoreOf = (known: readonly string[]): JsonSchema => ({
  type: ['string', 'array'],
  pattern: `^(${known.join('|')})$`,
  'x-expected': `one or a list of ${known.join(', ')}`,
  items: { enum: known },
  minItems: 1
})

const CONDITIONS: JsonSchema = {
  additionalProperties: false,
  minProperties: 1,
  properties: {
    name: condition(['string'], { ...REGEX, not: condition(['string'], REGEX) }),
    kind: oneOrMoreOf(ITEM_KINDS),
    temporality: oneOrMoreOf(TEMPORALITIES),
    attributes: {
      type: 'object',
      minProperties: 1,
      additionalProperties: condition(SCALARS, {
        ...REGEX,
        ...Object.fromEntries(LIMITS.map(limit => [limit, { type: 'number' }])),
        exists: { type: 'boolean' },
        not: condition(SCALARS, REGEX)
      })
    }
  }
}

/** Schema of an option that takes a {@link MatchConfig}. */
export function matchSchema(description: string): JsonSchema {
  return {
    type: ['object', 'array'],
    description,
    // Properties under `allOf` are documented with the language, not with each component.
    allOf: [{ ...CONDITIONS, items: { type: 'object', ...CONDITIONS }, minItems: 1 }]
  }
}
