import { type Attributes, type AttributeValue, attributeText } from './attributes.ts'

/** How large an item may be. Lengths are characters, as OpenTelemetry's limits of attributes are. */
export interface ItemLimits {
  /** Limits an item, and its resource and its scope each. */
  readonly max_attributes: number
  /** Limits the name of a metric, an event or an attribute. */
  readonly max_name_length: number
  readonly max_value_length: number
  /** Names and values of an item, its resource and its scope together. */
  readonly max_identity_length: number
}

export const DEFAULT_LIMITS: ItemLimits = {
  max_attributes: 128,
  max_name_length: 1024,
  max_value_length: 8192,
  max_identity_length: 32_768
}

/** Why an item is refused; the ledger's reasons, and the words for its sender. */
export const ITEM_FLAWS = {
  too_many_attributes: 'with more attributes than max_attributes',
  name_too_long: 'with a name longer than max_name_length',
  value_too_long: 'with a value of an attribute longer than max_value_length',
  identity_too_long: 'whose names and attributes together are longer than max_identity_length',
  too_many_series: 'of new series, for which service.limits.series leaves no room'
}
export type ItemFlaw = keyof typeof ITEM_FLAWS

/** The length of names and values together, or why there are too many or one is too long. */
export function measureAttributes(attributes: Attributes, limits: ItemLimits): number | ItemFlaw {
  if (attributes.length > limits.max_attributes) return 'too_many_attributes'
  let length = 0
  for (const [key, value] of attributes) {
    if (key.length > limits.max_name_length) return 'name_too_long'
    const own = lengthOf(value)
    if (own > limits.max_value_length) return 'value_too_long'
    length += key.length + own
  }
  return length
}

/** Adds up the lengths of measured parts, or returns the first flaw. */
export function measureAll(limits: ItemLimits, ...parts: readonly (number | ItemFlaw)[]): number | ItemFlaw {
  let length = 0
  for (const part of parts) {
    if (typeof part === 'string') return part
    length += part
  }
  return length > limits.max_identity_length ? 'identity_too_long' : length
}

export function measureName(name: string, { max_name_length }: ItemLimits): number | ItemFlaw {
  return name.length > max_name_length ? 'name_too_long' : name.length
}

function lengthOf(value: AttributeValue): number {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' && value !== null ? attributeText(value).length : 8
}
