import { DEFAULT_LIMITS } from '../../core/model/item-limits.ts'

const limit = (description: string, value: number) =>
  ({ type: 'integer', minimum: 1, description, default: value }) as const

/** Options of a receiver for `ItemLimits`, to stand under `limits`. */
export const LIMITS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  description: 'Largest size of an item. Larger ones are refused, each by itself.',
  default: {},
  properties: {
    max_attributes: limit(
      'Attributes of an item, and of its resource and its scope each.',
      DEFAULT_LIMITS.max_attributes
    ),
    max_name_length: limit(
      'Characters of the name of a metric, an event or an attribute.',
      DEFAULT_LIMITS.max_name_length
    ),
    max_value_length: limit('Characters of the value of an attribute.', DEFAULT_LIMITS.max_value_length),
    max_identity_length: limit(
      'Characters of names and values of an item, its resource and its scope together.',
      DEFAULT_LIMITS.max_identity_length
    )
  }
} as const
