import type { Attributes, AttributeValue } from './attributes.ts'

/** Words in names of attributes whose values nobody should see, in any case and with any separator. */
const SECRET =
  /authorization|bearer|credential|cookie|passphrase|passw(?:or)?d|secret|signature|token|(?:api|access|private)[._-]?key/i
const REDACTED = '[redacted]'

/**
 * True if the value of an attribute of this name may be a secret: if the name has one of the words authorization,
 * bearer, credential, cookie, passphrase, password, passwd, secret, signature, token, api_key, access_key and
 * private_key.
 */
export function isSecretName(name: string): boolean {
  return SECRET.test(name)
}

/** The attributes with `[redacted]` as the value of each that may be a secret, also inside maps. */
export function redacted(attributes: Attributes): Attributes {
  return attributes.map(([name, value]) => [name, isSecretName(name) ? REDACTED : redactedValue(value)] as const)
}

/** Samples of the values of one attribute. */
export function redactedSamples(name: string, samples: readonly string[]): readonly string[] {
  return isSecretName(name) && samples.length > 0 ? [REDACTED] : samples
}

function redactedValue(value: AttributeValue): AttributeValue {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(redactedValue)
  return Object.fromEntries(redacted(Object.entries(value)))
}
